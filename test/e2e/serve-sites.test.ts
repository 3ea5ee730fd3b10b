import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { newMachine } from './harness.js';
import { startServing } from './serving.js';

const running: Server[] = [];

afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const PAGE = '<a href="/packages/a.whl#sha256=00">a.whl</a>';

/** An index with the page `a`; `statuses` are those of its answers, `status` is the answer to everything when set. */
async function index(): Promise<{ url: string; statuses: number[]; state: { status?: number } }> {
  const statuses: number[] = [];
  const state: { status?: number } = {};
  const server = createServer((request, response) => {
    const isSame = request.headers['if-none-match'] === '"one"';
    const status = state.status ?? (request.url === '/simple/a/' ? (isSame ? 304 : 200) : 404);
    statuses.push(status);
    response.writeHead(status, status === 200 ? { etag: '"one"', 'content-type': 'text/html' } : {});
    response.end(status === 200 ? PAGE : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, statuses, state };
}

const cacheOf = async (url: string): Promise<unknown[]> => {
  const answer = await fetch(url);
  const text = await answer.text();
  return [answer.status, answer.headers.get('x-cache-status'), text.includes('a.whl')];
};

describe('a mirror of an index', () => {
  it('asks whether a page is still the same by its ETag, and not again for what is missing', async () => {
    const { url: upstream, statuses } = await index();
    const machine = await newMachine({ SLUICE_SERVE_FRESH: '1s', SLUICE_SERVE_SITES: `py=pypi:${upstream}` });
    const { url } = await startServing(machine);
    const page = `${url}/-/py/simple/a/`;
    expect(await cacheOf(page)).toEqual([200, 'MISS', true]);
    expect(await cacheOf(page)).toEqual([200, 'HIT', true]);
    await expect.poll(() => cacheOf(page), { timeout: 30_000 }).toEqual([200, 'REVALIDATED', true]);
    expect(new Set(statuses)).toEqual(new Set([200, 304]));
    statuses.splice(0);
    for (let round = 0; round < 3; round += 1) expect((await fetch(`${url}/-/py/simple/none/`)).status).toBe(404);
    expect(statuses.filter((status) => status === 404)).toEqual([404]);
  });

  it.each([429, 500])('that answers %i gives what it has, marked, and soon without asking', async (status) => {
    const { url: upstream, statuses, state } = await index();
    const machine = await newMachine({ SLUICE_SERVE_FRESH: '1s', SLUICE_SERVE_SITES: `py=pypi:${upstream}` });
    const { url } = await startServing(machine);
    const page = `${url}/-/py/simple/a/`;
    expect(await cacheOf(page)).toEqual([200, 'MISS', true]);
    state.status = status;
    await expect.poll(() => cacheOf(page), { timeout: 60_000 }).toEqual([200, 'STALE', true]);
    expect((await fetch(`${url}/-/py/simple/other/`)).status).toBe(status === 429 ? 429 : 503);
    if (status === 429) return;
    const isOpen = async (): Promise<boolean> => {
      await cacheOf(page);
      return /sluice_upstream_state\{upstream="[^"]+",kind="site",state="open"\} 1/.test(
        await (await fetch(`${url}/-/metrics`)).text(),
      );
    };
    await expect.poll(isOpen, { timeout: 60_000 }).toBe(true);
    statuses.splice(0);
    expect(await cacheOf(page)).toEqual([200, 'STALE', true]);
    expect(statuses).toEqual([]);
  });
});
