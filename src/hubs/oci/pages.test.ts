import fc from 'fast-check';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHostGate, createTransport } from '../../net/index.js';
import { nextQuery } from './pages.js';
import { Registry } from './registry.js';

const URL_OF_PAGE = 'https://r.example/v2/a/b/tags/list';

describe('the page after a page', () => {
  it.each([
    ['</v2/a/b/tags/list?n=2&last=x>; rel="next"', '?n=2&last=x'],
    ['<https://r.example/v2/a/b/tags/list?last=x>; rel=next', '?last=x'],
    ['</first>; rel="first", <?last=y>;rel="next"', '?last=y'],
    ['<?last=a,b>; title="x, y"; rel="next"', '?last=a,b'],
    ['<https://evil.example/v2/a/b/tags/list?last=x>; rel="next"', undefined],
    ['<http://r.example/v2/a/b/tags/list?last=x>; rel="next"', undefined],
    ['</v2/a/b/tags/list>; rel="next"', undefined],
    ['<?last=x>; rel="prev"', undefined],
    ['<?last=x>; rel="nextish"', undefined],
    ['?last=x; rel="next"', undefined],
    [undefined, undefined],
  ])('%s', (link, query) => {
    expect(nextQuery(link, URL_OF_PAGE)).toBe(query);
  });

  it('is a query or nothing, whatever the header says', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', ';', ',', '"', 'r', 'e', 'l', '=', 'next', '?', '/', ' ') }),
        (link) => {
          // prettier-ignore
          expect(nextQuery(link, URL_OF_PAGE) ?? '?').toMatch(/^\?/);
        },
      ),
      { numRuns: 300 },
    );
  });
});

const running: Server[] = [];
afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A registry whose lists come as these pages say; each is asked for by `?p=<index>`. */
async function registryOf(
  pages: (index: number) => { readonly body: unknown; readonly next?: string } | undefined,
): Promise<{ readonly registry: Registry; readonly asked: string[]; readonly close: () => Promise<void> }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const page = pages(Number(new URL(request.url ?? '', 'http://x').searchParams.get('p') ?? 0));
    if (page === undefined) return void response.writeHead(404).end('{}');
    response.writeHead(200, page.next === undefined ? {} : { link: `<${page.next}>; rel="next"` });
    response.end(JSON.stringify(page.body));
  });
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const transport = createTransport({});
  const registry = new Registry({ endpoint, transport, gate: createHostGate(), emit: () => undefined });
  return { registry, asked, close: () => transport.close() };
}

const signal = new AbortController().signal;

describe('a list in pages', () => {
  it('is read to its end', async () => {
    const { registry, asked, close } = await registryOf((index) =>
      index < 3
        ? { body: { tags: [`t${index}`] }, ...(index < 2 ? { next: `/v2/a/tags/list?p=${index + 1}` } : {}) }
        : undefined,
    );
    expect(await registry.tags('a', signal)).toEqual(['t0', 't1', 't2']);
    expect([...new Set(asked)]).toEqual(['/v2/a/tags/list', '/v2/a/tags/list?p=1', '/v2/a/tags/list?p=2']);
    await close();
  });

  it.each([
    ['leads in a circle', (index: number) => ({ body: { tags: ['t'] }, next: `?p=${index === 0 ? 1 : 0}` })],
    ['has no end', (index: number) => ({ body: { tags: ['t'] }, next: `?p=${index + 1}` })],
    ['has a page that is none', (index: number) => ({ body: index === 0 ? { tags: [] } : { error: 1 }, next: '?p=1' })],
  ])('is refused when it %s', async (_, pages) => {
    const { registry, close } = await registryOf(pages);
    await expect(registry.tags('a', signal)).rejects.toMatchObject({ code: 'BAD_MANIFEST' });
    await close();
  });
});
