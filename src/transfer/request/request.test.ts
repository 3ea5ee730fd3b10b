import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkAnswer, type Asked } from './check-answer.js';
import { parseContentRange } from './content-range.js';
import { expiresAtMs } from './expiry.js';
import { SluiceError } from '../../base/index.js';
import { SourceState } from '../schedule/source-state.js';
import { createFileSource, hasOther, validatorConflict } from './file-source.js';
import { Route } from './route.js';

describe('parseContentRange', () => {
  it('reads what RFC 9110 allows and nothing else', () => {
    expect(parseContentRange('bytes 0-9/10')).toEqual({ startByte: 0, endByte: 10, totalBytes: 10 });
    expect(parseContentRange('bytes 5-5/*')).toEqual({ startByte: 5, endByte: 6, totalBytes: undefined });
    for (const bad of [undefined, '', 'bytes 9-0/10', 'bytes 0-10/10', 'bytes */10', 'items 0-1/2', 'bytes 0-1'])
      expect(parseContentRange(bad)).toBeUndefined();
  });

  it('bears any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseContentRange(text)));
  });
});

describe('checkAnswer', () => {
  const asked: Asked = { path: 'f', source: 's', sizeBytes: 100, range: { startByte: 10, endByte: 20 } };
  const answer = (status: number, headers: Record<string, string>, what = asked): string => {
    try {
      return checkAnswer(what, { status, headers, url: 'https://h/f' });
    } catch (thrown) {
      return (thrown as { code: string }).code;
    }
  };

  it('takes exactly the range that was asked for', () => {
    expect(answer(206, { 'content-range': 'bytes 10-19/100', 'content-length': '10' })).toBe('range');
    expect(answer(206, { 'content-range': 'bytes 10-19/*' })).toBe('range');
    expect(answer(206, { 'content-range': 'bytes 10-18/100' })).toBe('BAD_RESPONSE');
    expect(answer(206, { 'content-range': 'bytes 0-9/100' })).toBe('BAD_RESPONSE');
    expect(answer(206, { 'content-range': 'bytes 10-19/100', 'content-length': '11' })).toBe('BAD_RESPONSE');
    expect(answer(206, {})).toBe('BAD_RESPONSE');
    expect(answer(204, {})).toBe('BAD_RESPONSE');
  });

  it('sees another size', () => {
    expect(answer(206, { 'content-range': 'bytes 10-19/101' })).toBe('SIZE_MISMATCH');
    expect(answer(200, { 'content-length': '99' })).toBe('SIZE_MISMATCH');
  });

  it('tells a whole file from a range, and refuses a range that nobody asked for', () => {
    const whole: Asked = { path: 'f', source: 's', sizeBytes: 100 };
    expect(answer(200, { 'content-length': '100' })).toBe('whole');
    expect(answer(200, {}, whole)).toBe('whole');
    expect(answer(206, { 'content-range': 'bytes 0-99/100' }, whole)).toBe('BAD_RESPONSE');
  });
});

describe('expiresAtMs', () => {
  it('reads every dialect', () => {
    const at = Date.UTC(2026, 10, 21, 13, 0, 0);
    const policy = Buffer.from(JSON.stringify({ c: { 'AWS:EpochTime': at / 1000 } }).replace('c', 'DateLessThan'));
    const urls = [
      'https://b/f?X-Amz-Date=20261121T120000Z&X-Amz-Expires=3600&X-Amz-Signature=x',
      'https://b/f?X-Goog-Date=20261121T120000Z&X-Goog-Expires=3600',
      `https://b/f?Expires=${at / 1000}&Signature=x&Key-Pair-Id=y`,
      `https://b/f?Policy=${policy.toString('base64').replaceAll('+', '-').replaceAll('=', '_').replaceAll('/', '~')}`,
      'https://b/f?sv=1&se=2026-11-21T13%3A00%3A00Z&sig=x',
    ];
    expect(urls.map(expiresAtMs)).toEqual(urls.map(() => at));
  });

  it('knows nothing of other addresses', () => {
    for (const url of ['https://b/f', 'https://b/f?expires=soon', 'https://b/f?X-Amz-Date=x&X-Amz-Expires=1', 'no url'])
      expect(expiresAtMs(url)).toBeUndefined();
    fc.assert(fc.property(fc.webUrl({ withQueryParameters: true }), (url) => void expiresAtMs(url)));
  });
});

describe('Route', () => {
  const { signal } = new AbortController();
  const cdn = 'https://cdn/f?Expires=2000000100';

  it('lets one request ask for all, and the others follow where it was led', async () => {
    const route = new Route({ url: 'https://hub/f' }, () => 2_000_000_000_000);
    const leader = await route.next(signal);
    const followers = [route.next(signal), route.next(signal)];
    leader.lead?.movedTo(cdn);
    expect(await Promise.all(followers)).toEqual([
      { url: cdn, isRemembered: true },
      { url: cdn, isRemembered: true },
    ]);
  });

  it('lets the next one lead when the first gave up', async () => {
    const route = new Route({ url: 'https://hub/f' });
    const leader = await route.next(signal);
    const second = route.next(signal);
    leader.lead?.gaveUp();
    expect((await second).lead).toBeDefined();
  });

  it('needs no leader where there is no redirect', async () => {
    const route = new Route({ url: 'https://hub/f' });
    (await route.next(signal)).lead?.arrived('https://hub/f');
    expect(await route.next(signal)).toEqual({ url: 'https://hub/f', isRemembered: false });
  });

  it('asks again before the address ends, and once when it refuses', async () => {
    let nowMs = 2_000_000_000_000;
    const route = new Route({ url: 'https://hub/f' }, () => nowMs);
    (await route.next(signal)).lead?.movedTo(cdn);
    nowMs += 91_000;
    const renewal = await route.next(signal);
    expect(renewal.lead?.reason).toBe('its signed address ends soon');
    renewal.lead?.movedTo('https://cdn/g?Expires=2000009999');
    route.refused(cdn, 'an old refusal');
    expect((await route.next(signal)).url).toBe('https://cdn/g?Expires=2000009999');
    route.refused('https://cdn/g?Expires=2000009999', '403');
    expect((await route.next(signal)).lead?.reason).toBe('403');
  });
});

describe('validatorConflict', () => {
  it('judges by ETag, weak or strong, else by date', () => {
    expect(validatorConflict({ etag: '"a"' }, { etag: 'W/"a"' })).toBeUndefined();
    expect(validatorConflict({ etag: '"a"' }, { etag: '"b"', lastModified: 'x' })).toBeDefined();
    expect(validatorConflict({ lastModified: 'x' }, { lastModified: 'y' })).toBeDefined();
    expect(validatorConflict({ etag: '"a"' }, { lastModified: 'y' })).toBeUndefined();
  });
});

describe('hasOther', () => {
  it('counts neither the source itself nor those that are not asked', () => {
    const [one, two, three] = ['one', 'two', 'three'].map((id) =>
      createFileSource(
        { id, url: `https://${id}/f`, failure: () => new SluiceError('INTERNAL') },
        new SourceState(id, 8),
      ),
    );
    if (one === undefined || two === undefined || three === undefined) throw new Error('three sources');
    expect([hasOther([one], one), hasOther([one, two], one)]).toEqual([false, true]);
    two.isSetAside = true;
    three.banned = new SluiceError('INTERNAL');
    expect(hasOther([one, two, three], one)).toBe(false);
  });
});
