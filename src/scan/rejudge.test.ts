import { describe, expect, it } from 'vitest';
import { rejudge } from './rejudge.js';
import { RULES_DIGEST } from './rules-digest.js';
import { scanOf } from './testing/scan-text.js';

describe('a kept verdict', () => {
  it('gets worse by what its inventory holds, without the bytes', async () => {
    const now = await scanOf('tokenizer_config.json', { chat_template: '{{ x.__class__ }}', auto_map: { A: 'm.M' } });
    // As if it had been scanned before there were rules for these.
    const held = { ...now, verdict: 'CLEAN' as const, findings: [], rulesDigest: 'old' };
    const again = rejudge(held);
    expect(again.verdict).toBe('FINDINGS');
    expect(again.findings.map(({ rule }) => rule).sort()).toEqual(['CFG-REMOTE-CODE', 'JINJA-SSTI']);
    expect(again.rulesDigest).toBe(RULES_DIGEST);
    expect(rejudge(again)).toEqual(again);
    expect(rejudge(now).findings).toEqual(now.findings);
  });

  it('never gets better', async () => {
    const held = { ...(await scanOf('a.txt', 'a')), verdict: 'ERROR' as const };
    expect(rejudge(held).verdict).toBe('ERROR');
  });
});
