import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SluiceEvent } from '../../base/index.js';
import { requestLine } from './request-line.js';
import { displayWidth } from './width.js';

type Request = Extract<SluiceEvent, { type: 'server.request' }>;
const AT = new Date(Date.UTC(2026, 10, 21, 12, 0, 0));
const REQUEST: Request = {
  type: 'server.request',
  id: 'x',
  client: '10.0.0.7',
  who: null,
  method: 'GET',
  path: '/acme/a-model-with-a-name/resolve/main/model-00001-of-00002.safetensors',
  status: 206,
  bytes: 5_000_000,
  ms: 31,
  firstMs: 1,
  cache: 'HIT',
  face: 'huggingface',
  agent: null,
  cut: null,
};

describe('the line of a request', () => {
  it('fits 80 columns and keeps the end of the path; is whole where there is room, and where nobody counts columns', () => {
    expect(requestLine(REQUEST, AT, 80)).toBe(
      '12:00:00 206 GET  HIT      5.00 MB  31 ms 10.0.0.7 /acme/a-mod…00002.safetensors',
    );
    for (const columns of [200, Number.POSITIVE_INFINITY])
      expect(requestLine(REQUEST, AT, columns)).toBe(
        `12:00:00 206 GET  HIT      5.00 MB  31 ms 10.0.0.7 ${REQUEST.path}`,
      );
  });

  it('stands in columns', () => {
    const other = requestLine({ ...REQUEST, method: 'HEAD', cache: 'MISS', bytes: 12, ms: 61_000 }, AT, 80);
    expect(other.indexOf('10.0.0.7')).toBe(requestLine(REQUEST, AT, 80).indexOf('10.0.0.7'));
  });

  it('never wraps, whatever is in it', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 120 });
    const request = fc.record({ path: text, client: text, who: fc.option(text), method: text, cut: fc.option(text, { maxDepth: 1 }) }); // prettier-ignore
    fc.assert(
      fc.property(request, fc.integer({ min: 60, max: 220 }), (parts, columns) => {
        const line = requestLine({ ...REQUEST, ...parts }, AT, columns);
        expect(displayWidth(line)).toBeLessThanOrEqual(columns);
        expect(line).not.toContain('\n');
      }),
    );
  });
});
