import { delimiter, dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

import { Dialler } from './dial.js';
import { systemCertificates } from './system-certificates.js';
import { TEST_CERTIFICATE } from './testing/certificate.js';
import { httpsServer } from './testing/servers.js';
import { writeTemporary } from './testing/temporary.js';
import { Trust } from './trust.js';

const own = TEST_CERTIFICATE.trim();

function diallerWith(readSystem: () => readonly string[]): Dialler {
  return new Dialler({
    proxyFor: () => undefined,
    trust: new Trust([], readSystem),
    connectTimeoutMs: 5000,
    maxConnectionsPerHost: 8,
  });
}

test('the store of the system is asked once, when an authority is not known', async () => {
  const server = await httpsServer((_, response) => response.end());
  let reads = 0;
  const dialler = diallerWith(() => {
    reads += 1;
    return [own];
  });
  const target = { protocol: 'https:', hostname: 'localhost', port: server.port };
  expect(reads).toBe(0);
  const sockets = await Promise.all([dialler.dial(target), dialler.dial(target)]);
  sockets.push(await dialler.dial(target));
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  expect(reads).toBe(1);
});

test('an authority that the system does not know either is TLS', async () => {
  const server = await httpsServer((_, response) => response.end());
  const target = { protocol: 'https:', hostname: 'localhost', port: server.port };
  await expect(diallerWith(() => []).dial(target)).rejects.toMatchObject({ code: 'TLS' });
});

test('a known authority for another name is TLS, and the store is not read for it', async () => {
  const server = await httpsServer((_, response) => response.end());
  const dialler = new Dialler({
    proxyFor: () => undefined,
    trust: new Trust([await writeTemporary('ca.pem', own)], () => {
      throw new Error('was read');
    }),
    connectTimeoutMs: 5000,
    maxConnectionsPerHost: 8,
  });
  const target = { protocol: 'https:', hostname: '127.0.0.2', port: server.port };
  await expect(dialler.dial(target)).rejects.toMatchObject({ code: expect.stringMatching(/TLS|CONNECT/) as string });
});

test('the first bundle that there is counts, folders are read beside it, and what is no certificate is passed over', async () => {
  const bundle = await writeTemporary('bundle.crt', `# all\n${own}\n`);
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
  const folder = dirname(await writeTemporary('a.pem', broken));
  const read = (bundles: readonly string[], folders?: string): readonly string[] =>
    systemCertificates({ bundles, folders: folders ?? '', ask: () => [] });
  expect(read(['/nowhere.crt', bundle])).toEqual([own]);
  expect(read([], [folder, dirname(bundle)].join(delimiter))).toEqual([own]);
  expect(read([join(folder, 'a.pem')])).toEqual([]);
  expect(read([])).toEqual([]);
});
