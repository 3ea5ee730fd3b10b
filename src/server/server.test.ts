import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Face } from '../hubs/index.js';
import { Readiness } from './readiness.js';
import { ask, echoFace, startTestServer } from './testing/start-test-server.js';

describe('a server that is told to stop', () => {
  it('lets answers under way end, takes no others, and is not ready', async () => {
    let finish: (() => void) | undefined;
    const held: Face = {
      name: 'held',
      routes: [],
      answer: () => new Promise((resolve) => (finish = () => resolve({ status: 200, headers: {}, body: 'whole' }))),
    };
    const { server, port, gate } = await startTestServer({ faces: [held] });
    const pending = ask(port, '/h');
    await expect.poll(() => gate.requests.size).toBe(1);
    let isClosed = false;
    const closing = server.close(60_000).then(() => (isClosed = true));
    await expect(ask(port, '/-/healthz')).rejects.toThrow();
    expect(isClosed).toBe(false);
    finish?.();
    expect((await pending).body).toBe('whole');
    await closing;
  });

  it('says so to probes on connections that are there', async () => {
    const readiness = new Readiness(tmpdir(), () => true);
    expect(await readiness.reason()).toBe('draining');
  });
});

describe('readiness', () => {
  it('needs a store that can be written', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-ready-'));
    try {
      expect(await new Readiness(folder, () => false).reason()).toBeUndefined();
      await rm(join(folder, 'tmp'), { recursive: true });
      await writeFile(join(folder, 'tmp'), 'in the way');
      expect(await new Readiness(folder, () => false).reason()).toContain('cannot be written');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('requests', () => {
  it('have an id, theirs or ours, in the answer and the log', async () => {
    const { port, events } = await startTestServer({ faces: [echoFace] });
    const theirs = await ask(port, '/x', { headers: { 'x-request-id': 'abc-1' } });
    const ours = await ask(port, '/x', { headers: { 'x-request-id': 'bad id\t<script>' } });
    expect(theirs.headers['x-request-id']).toBe('abc-1');
    expect(ours.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(events).toMatchObject([{ id: 'abc-1' }, { id: ours.headers['x-request-id'] }]);
  });
});
