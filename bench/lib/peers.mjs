// The tools that we are compared with. One that is missing is named, with the way to get it.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const PYTHON_PEERS = {
  hf: { program: 'hf', packages: ['huggingface_hub==2.4.0', 'hf_xet==1.8.0'], from: 'huggingface_hub' },
  modelscope: { program: 'modelscope', packages: ['modelscope==1.40.2', 'modelscope_hub==0.5.1'], from: 'modelscope' },
};
const SYSTEM_PEERS = { nginx: ['nginx', '-v'], aria2: ['aria2c', '--version'], curl: ['curl', '--version'], wget: ['wget', '--version'], axel: ['axel', '--version'], gcc: ['gcc', '--version'] }; // prettier-ignore

/** { aria2: { name, path?, version?, missing? }, … } for the named peers. Python ones are installed under .venvs when they are not there. */
export function findPeers(names) {
  return Object.fromEntries(names.map((name) => [name, name in PYTHON_PEERS ? findPython(name) : findSystem(name)]));
}

/** Says which are missing and how to get them. */
export function tellMissing(peers) {
  const missing = Object.values(peers).filter((peer) => peer.missing !== undefined);
  for (const { name, missing: why } of missing) console.log(`  MISSING: ${name} (${why})`);
  return missing.map(({ name, missing: why }) => `${name}: ${why}`);
}

function findSystem(name) {
  const [program, flag] = SYSTEM_PEERS[name];
  const probe = spawnSync(program, [flag], { encoding: 'utf8' });
  if (probe.error !== undefined)
    return { name, missing: `apt-get install ${program === 'nginx' ? 'nginx-light' : name}` };
  const version = /\d+\.\d[\d.]*/.exec((probe.stdout + probe.stderr).split('\n')[0])?.[0];
  return { name, path: program, version };
}

function findPython(name) {
  const { program, packages, from } = PYTHON_PEERS[name];
  const folder = join(root, '.venvs', `bench-${name}`);
  const bin = (file) => join(folder, 'bin', file);
  try {
    if (!existsSync(bin(program))) {
      console.log(`  making a virtual environment for ${packages.join(' ')}`);
      execFileSync('python3', ['-m', 'venv', folder], { stdio: 'pipe' });
      execFileSync(bin('pip'), ['install', '-q', '--disable-pip-version-check', ...packages], { stdio: 'pipe' });
    }
    const ask = `from importlib.metadata import version; print(version(${JSON.stringify(from)}))`;
    const version = execFileSync(bin('python'), ['-c', ask], { encoding: 'utf8' }).trim();
    return { name, path: bin(program), version };
  } catch (error) {
    return { name, missing: `pip install ${packages.join(' ')}: ${String(error.message).split('\n')[0]}` };
  }
}
