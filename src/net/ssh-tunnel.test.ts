import { chmod, readFile } from 'node:fs/promises';
import { delimiter, dirname } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { TEST_CERTIFICATE } from './testing/certificate.js';
import { collect } from './testing/collect.js';
import { httpServer, httpsServer } from './testing/servers.js';
import { writeTemporary } from './testing/temporary.js';
import { onEveryRoad } from './testing/transport-suite.js';

// Other files' tests run in this process, too.
afterEach(() => void vi.unstubAllEnvs());

/** Puts a program `ssh` first; it notes how it was called, and its process. */
async function fakeSsh(body: string): Promise<() => Promise<{ pid: number; args: string[] }[]>> {
  const file = await writeTemporary(
    'ssh',
    `#!${process.execPath}
require('node:fs').appendFileSync(__filename + '.calls', JSON.stringify({ pid: process.pid, args: process.argv.slice(2) }) + '\\n');
${body}`,
  );
  await chmod(file, 0o755);
  vi.stubEnv('PATH', `${dirname(file)}${delimiter}${process.env.PATH ?? ''}`);
  return async () =>
    (await readFile(`${file}.calls`, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { pid: number; args: string[] });
}

/** Forwards to a port of loopback. */
function forwarding(port: number): string {
  return `const onward = require('node:net').connect(${port}, '127.0.0.1');
process.stdin.pipe(onward).pipe(process.stdout);
process.stdin.on('end', () => setInterval(() => undefined, 1000));`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

onEveryRoad(({ testTransport }) => {
  describe.skipIf(process.platform === 'win32')('a machine to jump from', () => {
    test.each(['http', 'https'])('forwards %s; no process is left when the transport is closed', async (scheme) => {
      const big = 'x'.repeat(3_000_000);
      const hub = await (scheme === 'http' ? httpServer : httpsServer)((_, response) => response.end(big));
      const calls = await fakeSsh(forwarding(hub.port));
      const transport = testTransport({
        proxy: 'ssh://ann@jump.example:2222',
        caFiles: [await writeTemporary('ca.pem', TEST_CERTIFICATE)],
      });
      expect((await collect(transport, { url: `${scheme}://hub.example:8443/x` })).body === big).toBe(true);
      const [call] = await calls();
      expect(call?.args.join(' ')).toMatch(
        /^-W hub\.example:8443 -o BatchMode=yes -o ConnectTimeout=\d+ -p 2222 -l ann -- jump\.example$/,
      );
      await transport.close();
      await vi.waitFor(() => expect(isAlive(call?.pid ?? 0)).toBe(false), { timeout: 20_000 });
    });

    test.each(['http', 'https'])('that does not let us in is PROXY, in its own words (%s)', async (scheme) => {
      await fakeSsh(`process.stderr.write('ann@jump: Permission denied (publickey).\\r\\n'); process.exitCode = 255;`);
      const got = collect(testTransport({ proxy: 'ssh://jump.example' }), { url: `${scheme}://hub.example/` });
      await expect(got).rejects.toMatchObject({
        code: 'PROXY',
        details: { host: 'jump.example', reason: expect.stringContaining('Permission denied (publickey).') as string },
      });
    });

    test('without the program is PROXY', async () => {
      vi.stubEnv('PATH', dirname(await writeTemporary('nothing', '')));
      const got = collect(testTransport({ proxy: 'ssh://jump.example' }), { url: 'http://hub.example/' });
      await expect(got).rejects.toMatchObject({
        code: 'PROXY',
        details: { reason: expect.stringContaining('no program') as string },
      });
    });

    test('whose connection breaks in the middle is RESET', async () => {
      await fakeSsh(`process.stdin.once('data', () => {
        process.stdout.write('HTTP/1.1 200 OK\\r\\ncontent-length: 10\\r\\n\\r\\nhalf', () => process.exit(255));
      });`);
      const got = collect(testTransport({ proxy: 'ssh://jump.example' }), { url: 'http://hub.example/' });
      await expect(got).rejects.toMatchObject({ code: 'RESET' });
    });

    test.each(['ssh://ann:secret@host', 'ssh://-oProxyCommand=x', 'ssh://-x@host', 'ssh://a%60b@host', 'ssh://'])(
      '%s is a bad setting',
      (proxy) => {
        expect(() => testTransport({ proxy })).toThrow(/proxy cannot be/);
        expect(() => testTransport({ proxy })).not.toThrow(/secret/);
      },
    );
  });
});
