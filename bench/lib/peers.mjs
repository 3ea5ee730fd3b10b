// The tools that we are compared with. One that is missing is named, with the way to get it.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const PYTHON_PEERS = {
  hf: { program: 'hf', packages: ['huggingface_hub==2.4.0', 'hf_xet==1.8.0'], from: ['huggingface_hub', 'hf_xet'] },
  modelscope: {
    program: 'modelscope',
    packages: ['modelscope==1.40.2', 'modelscope_hub==0.5.1'],
    from: ['modelscope'],
  },
  olah: { program: 'olah-cli', packages: ['olah==0.5.4'], from: ['olah'] },
};
const NPM_PEERS = { 'hf.js': { package: '@huggingface/hub', version: '2.17.5' } };
const SYSTEM_PEERS = { nginx: ['nginx', '-v'], aria2: ['aria2c', '--version'], curl: ['curl', '--version'], wget: ['wget', '--version'], axel: ['axel', '--version'], gcc: ['gcc', '--version'] }; // prettier-ignore

/** { aria2: { name, path?, version?, missing? }, … } for the named peers. Python ones are installed under .venvs when they are
 * not there, those of npm into a temporary folder. */
export function findPeers(names) {
  const find = (name) =>
    name in PYTHON_PEERS ? findPython(name) : name in NPM_PEERS ? findNpm(name) : findSystem(name);
  return Object.fromEntries(names.map((name) => [name, find(name)]));
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
    if (!starts(bin(program))) {
      rmSync(folder, { recursive: true, force: true });
      console.log(`  making a virtual environment for ${packages.join(' ')}`);
      execFileSync('python3', ['-m', 'venv', folder], { stdio: 'pipe' });
      execFileSync(bin('pip'), ['install', '-q', '--disable-pip-version-check', ...packages], { stdio: 'pipe' });
    }
    const ask = `from importlib.metadata import version; print(*map(version, ${JSON.stringify(from)}), sep=' with ')`;
    const version = execFileSync(bin('python'), ['-c', ask], { encoding: 'utf8' }).trim();
    return { name, path: bin(program), version };
  } catch (error) {
    return { name, missing: `pip install ${packages.join(' ')}: ${String(error.message).split('\n')[0]}` };
  }
}

/** A script whose environment was moved is there and cannot start: its first line names an interpreter that is gone. */
function starts(script) {
  return existsSync(script) && spawnSync(script, ['--help'], { stdio: 'ignore' }).error === undefined;
}

function findNpm(name) {
  const { package: wanted, version } = NPM_PEERS[name];
  const folder = join(tmpdir(), 'sluice-bench', 'npm', `${wanted.replace('/', '-')}-${version}`);
  try {
    if (!existsSync(join(folder, 'node_modules', wanted))) {
      console.log(`  fetching ${wanted}@${version} from npm`);
      mkdirSync(folder, { recursive: true });
      execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder, `${wanted}@${version}`], { stdio: 'pipe' }); // prettier-ignore
    }
    return { name, path: folder, version };
  } catch (error) {
    return { name, missing: `npm install ${wanted}@${version}: ${String(error.message).split('\n')[0]}` };
  }
}
