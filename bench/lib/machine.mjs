// What the numbers were measured on.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';

export function describeMachine(dir, peers) {
  const model = cpus()[0]?.model ?? 'unknown';
  return {
    cpu: `${cpus().length} × ${model}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    system: `${type()} ${release()}${distribution()}`,
    target: fileSystem(dir),
    node: process.version,
    openssl: process.versions.openssl,
    tools: Object.fromEntries(Object.values(peers).map(({ name, version }) => [name, version ?? 'missing'])),
  };
}

function distribution() {
  try {
    return `, ${/^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? ''}`;
  } catch {
    return '';
  }
}

function fileSystem(dir) {
  try {
    return execFileSync('df', ['--output=fstype', dir], { encoding: 'utf8' }).trim().split('\n').at(-1);
  } catch {
    return 'unknown';
  }
}
