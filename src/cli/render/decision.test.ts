import { describe, expect, it } from 'vitest';
import type { SluiceEvent } from '../../base/index.js';
import { decisionText } from './decision.js';
import { createNotices } from './notices.js';

type Doubted = Extract<SluiceEvent, { type: 'source.doubted' }>;

const DOUBTED: Doubted = {
  type: 'source.doubted',
  reason: 'set-aside',
  ...{ source: 'mirror.example', file: 'model.bin', index: 3 },
  ...{ startByte: 3_145_728, endByte: 4_194_304, sha256: 'a'.repeat(64), otherSha256: 'b'.repeat(64) },
  ...{ others: ['hub.example', 'c.example'], againBytes: 5_000_000 },
};
const textOf = (reason: Doubted['reason'], lang: 'en' | 'zh'): string =>
  decisionText({ atMs: 1, event: { ...DOUBTED, reason } }, lang);

describe('a source that is doubted', () => {
  it.each(['en', 'zh'] as const)('is explained with the evidence and what it cost (%s)', (lang) => {
    const text = textOf('set-aside', lang);
    for (const part of ['mirror.example', 'model.bin', '3145728-4194303', 'aaaaaaaaaaaa', 'bbbbbbbbbbbb', '5.00 MB'])
      expect(text).toContain(part);
    expect(text).toContain('hub.example, c.example');
  });

  it.each(['en', 'zh'] as const)('is told apart from a slip and from what nobody could settle (%s)', (lang) => {
    const texts = new Set((['set-aside', 'slipped', 'undecided'] as const).map((reason) => textOf(reason, lang)));
    expect(texts.size).toBe(3);
    expect(textOf('undecided', lang)).toContain('3145728-4194303');
  });

  it('is a notice only when it is set aside', () => {
    const notices = createNotices('en', () => 0);
    expect(notices({ ...DOUBTED, reason: 'slipped' })).toBeUndefined();
    expect(notices({ ...DOUBTED, reason: 'undecided' })).toBeUndefined();
    expect(notices({ ...DOUBTED, reason: 'set-aside' })?.text).toBe(
      'mirror.example sends other bytes of model.bin than hub.example, c.example: set aside, 5.00 MB are fetched again from others',
    );
  });
});
