import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach } from 'vitest';

const run = promisify(execFile);
const folders: string[] = [];
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

export type Answer = 'good' | 'revoked' | 'unknown';

/** An authority with a responder: all that is signed or answered is by `openssl`; here its bytes are only carried to a port of the loopback, which it would open to every network. */
export interface Responder {
  /** Where it answers. */
  readonly url: string;
  /** Certificate of the authority, PEM. */
  readonly root: string;
  /** Certificate and key of a signer of code, whose certificate names the responder. */
  readonly signer: { readonly key: string; readonly certificate: string };
  readonly asked: () => number;
  /** From now on it says this. */
  say(answer: Answer): Promise<void>;
  /** Answers with this instead. */
  sayInstead(status: number, body: Buffer): void;
  /** The path of an answer as `-respout` writes it. */
  write(name: string, ...options: readonly string[]): Promise<string>;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const SIGNER = [
  'basicConstraints=critical,CA:FALSE',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=codeSigning',
  'subjectAltName=email:release@acme.io',
];
const DELEGATE = ['extendedKeyUsage=OCSPSigning', 'keyUsage=critical,digitalSignature', 'noCheck=yes'];

export async function startResponder(): Promise<Responder> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-ocsp-'));
  folders.push(folder);
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]) => run('openssl', args, { cwd: folder });
  let asked = 0;
  let instead: { readonly status: number; readonly body: Buffer } | undefined;

  const answer = async (request: Buffer): Promise<Buffer> => {
    const name = `asked${(asked += 1)}`;
    await writeFile(at(`${name}.req`), request);
    const files = ['-reqin', `${name}.req`, '-respout', `${name}.der`];
    await openssl(
      'ocsp',
      '-index',
      'index.txt',
      '-CA',
      'ca.pem',
      '-rsigner',
      'ocsp.pem',
      '-rkey',
      'ocsp.key',
      ...files,
    );
    return readFile(at(`${name}.der`));
  };
  const server = createServer((message, reply) => {
    const parts: Buffer[] = [];
    message.on('data', (part: Buffer) => parts.push(part));
    message.on('end', () => {
      if (instead !== undefined) return void reply.writeHead(instead.status).end(instead.body);
      answer(Buffer.concat(parts)).then(
        (body) => reply.writeHead(200, { 'content-type': 'application/ocsp-response' }).end(body),
        () => reply.writeHead(500).end(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  await openssl('req', '-x509', ...KEY, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Acme CA');
  const issue = async (name: string, serial: string, extensions: readonly string[]): Promise<void> => {
    await openssl('req', ...KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    await writeFile(at(`${name}.ext`), `${extensions.join('\n')}\n`);
    const signed = ['-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`, '-days', '2'];
    await openssl('x509', '-req', ...signed, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', `0x${serial}`);
  };
  await issue('signer', '5A01', [...SIGNER, `authorityInfoAccess=OCSP;URI:${url}`]);
  await issue('ocsp', '5A02', DELEGATE);

  const say = async (what: Answer): Promise<void> => {
    instead = undefined;
    const states = {
      good: 'V\t491231235959Z\t',
      revoked: 'R\t491231235959Z\t200101000000Z,keyCompromise',
      unknown: '',
    };
    const line = what === 'unknown' ? '' : `${states[what]}\t5A01\tunknown\t/CN=signer\n`;
    await writeFile(at('index.txt'), line);
  };
  await say('good');
  return {
    ...{ url, root: at('ca.pem'), signer: { key: at('signer.key'), certificate: at('signer.pem') }, say },
    asked: () => asked,
    sayInstead: (status, body) => {
      instead = { status, body };
    },
    write: async (name, ...options) => {
      const what = [...options, '-issuer', 'ca.pem', '-cert', 'signer.pem', '-respout', name];
      await openssl(
        'ocsp',
        '-index',
        'index.txt',
        '-CA',
        'ca.pem',
        '-rsigner',
        'ocsp.pem',
        '-rkey',
        'ocsp.key',
        ...what,
      );
      return at(name);
    },
  };
}
