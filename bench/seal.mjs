// MB/s of `sluice seal` and `sluice unseal`, whole processes, beside `openssl enc` (which encrypts and proves nothing) and `age`, where they are. In turns, same file.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { atEnd, main } from './lib/closing.mjs';
import { readOptions } from './lib/options.mjs';
import { sluice } from './lib/sluice.mjs';
import { median } from './lib/statistics.mjs';

const MIB = 2 ** 20;

await main(async () => {
  const options = readOptions({ rounds: 5 });
  const folder = mkdtempSync(join(options.target, 'seal-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name) => join(folder, name);
  for (let done = 0; done < options.sizeBytes; done += 64 * MIB)
    writeFileSync(at('plain'), randomBytes(64 * MIB), { flag: 'a' });
  const sizeBytes = statSync(at('plain')).size;
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  writeFileSync(at('pub'), publicKey.export({ format: 'pem', type: 'spki' }));
  writeFileSync(at('key'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const ours = (...args) => {
    const { command, args: words, env } = sluice(folder, args, { HOME: folder, PATH: process.env.PATH });
    return [command, words, env];
  };
  const contestants = {
    'sluice seal (AES-256-GCM, two readings, SHA-256)': ours('seal', at('plain'), '--to', at('pub'), '--force', '-q'),
    'sluice unseal (tags, SHA-256)': ours(
      'unseal',
      at('plain.sealed'),
      '--key',
      at('key'),
      '--out',
      at('out'),
      '--force',
      '-q',
    ),
  };
  const words = ['-aes-256-ctr', '-pass', 'pass:x', '-pbkdf2', '-iter', '1'];
  if (has('openssl', ['version'])) {
    contestants['openssl enc -aes-256-ctr (no proof)'] = [
      'openssl',
      ['enc', ...words, '-in', at('plain'), '-out', at('plain.enc')],
    ];
    contestants['openssl enc -d (no proof)'] = [
      'openssl',
      ['enc', '-d', ...words, '-in', at('plain.enc'), '-out', at('out.enc')],
    ];
  }
  if (has('age-keygen', ['--version'])) {
    execFileSync('age-keygen', ['-o', at('age.key')], { stdio: 'ignore' });
    const recipient = execFileSync('age-keygen', ['-y', at('age.key')], { encoding: 'utf8' }).trim();
    contestants['age -r'] = ['age', ['-r', recipient, '-o', at('plain.age'), at('plain')]];
    contestants['age -d'] = ['age', ['-d', '-i', at('age.key'), '-o', at('out.age'), at('plain.age')]];
  }
  const times = new Map(Object.keys(contestants).map((name) => [name, []]));
  const endMs = Date.now() + options.budgetS * 1000;
  for (let round = 0; round < options.rounds && (round < 1 || Date.now() < endMs); round += 1)
    for (const [name, [command, args, env]] of Object.entries(contestants)) {
      const startMs = performance.now();
      const { status, stderr } = spawnSync(command, args, { env: env ?? process.env, encoding: 'utf8' });
      if (status !== 0) throw new Error(`${name} ends with ${status}: ${stderr}`);
      times.get(name).push(performance.now() - startMs);
    }
  console.log(`${(sizeBytes / MIB).toFixed(0)} MiB, medians of ${options.rounds}`);
  for (const [name, all] of times) {
    const rate = (ms) => (sizeBytes / 1e6 / (ms / 1000)).toFixed(0);
    console.log(`${rate(median(all)).padStart(6)} MB/s  ${name} (${rate(Math.max(...all))}–${rate(Math.min(...all))})`);
  }
});

function has(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
