import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach } from 'vitest';
import type { TlsFiles } from '../../src/sim/index.js';

const run = promisify(execFile);
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

/** A company's own certificate authority. */
export interface Authority {
  /** Its certificate, PEM. */
  readonly file: string;
  /** A certificate for these names, as subjectAltName takes them: `IP:127.0.0.1`, `DNS:hub.example`. */
  issue(...names: readonly string[]): Promise<TlsFiles>;
  /** An X.509-SVID: the certificate of a workload, which has no other name than its SPIFFE ID. */
  issueSvid(id: string): Promise<TlsFiles>;
}

export async function newAuthority(name = 'Acme CA'): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-ca-'));
  folders.push(folder);
  const openssl = (...args: readonly string[]) => run('openssl', args, { cwd: folder });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', `/CN=${name}`);
  let issued = 0;
  const issue = async (subject: string, extensions: readonly string[]): Promise<TlsFiles> => {
    const leaf = `leaf${(issued += 1)}`;
    await openssl('req', ...key, '-keyout', `${leaf}.key`, '-out', `${leaf}.csr`, '-subj', subject);
    await writeFile(join(folder, `${leaf}.ext`), `${extensions.join('\n')}\n`);
    const signed = ['-in', `${leaf}.csr`, '-out', `${leaf}.pem`, '-extfile', `${leaf}.ext`, '-days', '2'];
    await openssl('x509', '-req', ...signed, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial');
    const [keyPem, cert] = await Promise.all([
      readFile(join(folder, `${leaf}.key`)),
      readFile(join(folder, `${leaf}.pem`)),
    ]);
    return { key: keyPem, cert };
  };
  return {
    file: join(folder, 'ca.pem'),
    issue: (...names) => issue('/CN=leaf', [`subjectAltName=${names.join(',')}`]),
    issueSvid: (id) =>
      issue('/', [
        'basicConstraints=critical,CA:FALSE',
        'keyUsage=critical,digitalSignature',
        'extendedKeyUsage=serverAuth,clientAuth',
        `subjectAltName=critical,URI:${id}`,
      ]),
  };
}
