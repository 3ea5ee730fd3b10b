import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask, echoFace, startTestServer } from '../testing/start-test-server.js';
import { readCredentials } from './credentials.js';
import { hashToken, isOwnToken, makeToken } from './own-token.js';
import { hashPassword, isPassword, parseUsers } from './passwords.js';
import { openTokenBook } from './token-book.js';
import { parseTokenRecord, type TokenRecord } from './tokens.js';

const record = (token: string, changes: Partial<TokenRecord> = {}): TokenRecord => ({
  id: '0123456789',
  name: 'ci',
  role: 'read',
  hash: hashToken(token),
  createdAt: '2026-01-01T00:00:00.000Z',
  expiresAt: null,
  revokedAt: null,
  ...changes,
});

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const FOREIGN = `hf_${'a'.repeat(34)}`;

describe('who may come in', () => {
  const [good, expired, revoked, unknown] = [makeToken(), makeToken(), makeToken(), makeToken()];
  const tokens = [
    record(good),
    record(expired, { expiresAt: '2026-02-01T00:00:00.000Z' }),
    record(revoked, { revokedAt: '2026-02-01T00:00:00.000Z' }),
  ];
  // What each sees: of those that only a caller may ask, where a name or nobody is needed, and where anybody may read.
  const callers: readonly [string, Record<string, string>, number, number, string | null][] = [
    ['nothing', {}, 401, 200, null],
    ['a good token', { authorization: `Bearer ${good}` }, 200, 200, null],
    ['a good token as a password', { authorization: basic('any', good) }, 200, 200, null],
    ['a good token in a cookie', { cookie: `a=b; m_session_id=${good}` }, 200, 200, null],
    ['an expired token', { authorization: `Bearer ${expired}` }, 401, 401, null],
    ['a revoked token', { authorization: `Bearer ${revoked}` }, 401, 401, null],
    ['a token of another server of ours', { authorization: `Bearer ${unknown}` }, 401, 401, null],
    ['that as a password', { authorization: basic('any', unknown) }, 401, 401, null],
    ['a token for the upstream', { authorization: `Bearer ${FOREIGN}` }, 401, 200, FOREIGN],
    ['that as a password', { authorization: basic('any', FOREIGN) }, 401, 200, FOREIGN],
    ['a right password', { authorization: basic('ann', 'pass wörd') }, 200, 200, null],
    ['a wrong password', { authorization: basic('ann', 'no') }, 401, 401, null],
    ['a header that is none', { authorization: 'Digest x' }, 401, 401, null],
    ['an empty password', { authorization: basic('any', '') }, 401, 401, null],
  ];
  const routes: readonly [string, (closed: number, open: number) => readonly [number, number]][] = [
    ['/-/healthz', () => [200, 200]],
    ['/-/readyz', () => [200, 200]],
    ['/-/metrics', (closed, open) => [closed, open]],
    ['/x/file', (closed, open) => [closed, open]],
    ['/x/open', () => [200, 200]],
    ['/nothing', (closed, open) => [closed === 200 ? 404 : closed, open === 200 ? 404 : open]],
    ['/-/else', (closed, open) => [closed === 200 ? 404 : closed, open === 200 ? 404 : open]],
  ];

  it('is decided route by route, the same for GET and HEAD', async () => {
    const users = new Map([['ann', await hashPassword('pass wörd')]]);
    const start = (anonymous: boolean) => startTestServer({ faces: [echoFace], keys: { tokens, users, anonymous } });
    for (const [who, headers, whenClosed, whenOpen, passedOn] of callers) {
      const [closed, open] = [await start(false), await start(true)];
      for (const [path, expected] of routes) {
        for (const method of ['GET', 'HEAD']) {
          const seen = [
            await ask(closed.port, path, { method, headers }),
            await ask(open.port, path, { method, headers }),
          ];
          expect([who, path, method, ...seen.map(({ status }) => status)]).toEqual([
            who,
            path,
            method,
            ...expected(whenClosed, whenOpen),
          ]);
          for (const { status, headers: told } of seen)
            if (status === 401) expect(told['www-authenticate']).toContain('Basic realm=');
        }
      }
      // A token of ours, or a password, never goes to an upstream.
      const { status, body } = await ask(open.port, '/x/file', { headers });
      if (status === 200) expect((JSON.parse(body) as { token: unknown }).token).toBe(passedOn);
    }
  });

  it('is told in the log by name, and no log has a token', async () => {
    const { port, events } = await startTestServer({
      faces: [echoFace],
      keys: { tokens: [record(good)], anonymous: true },
    });
    await ask(port, `/x/file?token=${FOREIGN}`, { headers: { authorization: `Bearer ${good}` } });
    await ask(port, `/x/${FOREIGN}`, { headers: { authorization: `Bearer ${FOREIGN}` } });
    expect(events).toMatchObject([
      { type: 'server.request', who: 'ci', status: 200, face: 'echo', client: '127.0.0.1' },
      { type: 'server.request', who: null },
    ]);
    expect(JSON.stringify(events)).not.toMatch(new RegExp(`${good}|${FOREIGN}`));
  });

  it('changes for requests that come after the keys have changed', async () => {
    const { port, gatekeeper } = await startTestServer({
      faces: [echoFace],
      keys: { tokens: [record(good)], anonymous: false },
    });
    const headers = { authorization: `Bearer ${good}` };
    expect((await ask(port, '/x/file', { headers })).status).toBe(200);
    gatekeeper.use({
      tokens: [record(good, { revokedAt: '2026-01-01T00:00:00Z' })],
      users: new Map(),
      anonymous: false,
    });
    expect((await ask(port, '/x/file', { headers })).status).toBe(401);
  });

  it('stops being asked for after many wrong tokens of one address', async () => {
    const { port } = await startTestServer({ faces: [echoFace], keys: { anonymous: false } });
    const headers = { authorization: `Bearer ${FOREIGN}` };
    const statuses: number[] = [];
    for (let index = 0; index < 70; index += 1) statuses.push((await ask(port, '/x/file', { headers })).status);
    expect([statuses[0], statuses.at(-1)]).toEqual([401, 429]);
  });
});

describe('tokens', () => {
  it('look as clients want them, and are known by their checksum', () => {
    for (let index = 0; index < 50; index += 1) {
      const token = makeToken();
      expect(token).toMatch(/^hf_[A-Za-z0-9]{34,}$/);
      expect(isOwnToken(token)).toBe(true);
      expect(isOwnToken(token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A'))).toBe(false);
    }
    fc.assert(fc.property(fc.string(), (text) => !isOwnToken(text) && !isOwnToken(`hf_slu${text}`)));
  });

  it('are kept as hashes, listed, and taken back by id or name', async () => {
    const home = await mkdtemp(join(tmpdir(), 'sluice-tokens-'));
    try {
      const book = await openTokenBook(home);
      const { token, record: made } = await book.create({ name: 'ci', role: 'read', lifeMs: 1000 });
      await book.create({ name: 'twice', role: 'read', lifeMs: undefined });
      await book.create({ name: 'twice', role: 'read', lifeMs: undefined });
      expect(JSON.stringify(await book.list())).not.toContain(token);
      expect((await book.list()).find(({ id }) => id === made.id)?.hash).toBe(hashToken(token));
      expect((await book.revoke('ci')).revokedAt).not.toBeNull();
      await expect(book.revoke('ci')).rejects.toThrow('no token');
      await expect(book.revoke('twice')).rejects.toThrow('several');
      await expect(book.create({ name: 'a\nb', role: 'read', lifeMs: 1 })).rejects.toThrow();
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });

  it('are read as records or not at all', () => {
    expect(parseTokenRecord(record('x'))).toEqual(record('x'));
    expect(parseTokenRecord({ ...record('x'), role: 'admin' })).toBeUndefined();
    fc.assert(fc.property(fc.anything(), (value) => parseTokenRecord(value) === undefined));
  });
});

describe('passwords', () => {
  it('are kept as hashes that differ each time', async () => {
    const [one, other] = [await hashPassword('secret'), await hashPassword('secret')];
    expect(one).not.toBe(other);
    expect([await isPassword('secret', one), await isPassword('Secret', one)]).toEqual([true, false]);
    expect(parseUsers(`# people\n\nann:${one}\r\nbob:${other}\n`, 'users')).toEqual(new Map([['ann', one], ['bob', other]])); // prettier-ignore
  });

  it.each(['ann', 'ann:plain', ':x', 'a:scrypt$16777216$8$1$AAAAAAAAAAAAAAAAAAAAAA$x'])('are refused as %s', (line) => {
    expect(() => parseUsers(line, 'users')).toThrow('line 1');
  });

  it('are read from any text or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          parseUsers(text, 'users');
        } catch (error) {
          expect((error as Error).message).toContain('line');
        }
      }),
    );
  });
});

describe('credentials', () => {
  it('are read from any header without a fault', () => {
    const header = fc.oneof(
      fc.string(),
      fc.string().map((text) => `Basic ${Buffer.from(text).toString('base64')}`),
      fc.string().map((text) => `Bearer ${text}`),
    );
    fc.assert(
      fc.property(header, fc.option(fc.string(), { nil: undefined }), (authorization, cookie) => {
        const read = readCredentials({ authorization, ...(cookie === undefined ? {} : { cookie }) });
        if (read.kind === 'token') expect(read.token).toMatch(/^[\x21-\x7e]{1,4096}$/);
        // Whatever is there is never taken for nothing.
        expect(read.kind).not.toBe('none');
      }),
    );
  });
});
