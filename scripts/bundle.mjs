// Puts the program together in dist/cli: a few files instead of hundreds, which a start would have to find, read and link one by one. What every pull
// needs is in two of them, what a thread needs in one. CommonJS, because Node starts it 5 ms sooner, and a thread 10 ms, than modules.
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, 'src');
const folder = join(root, 'dist', 'cli');
const WORKER_URL = `new URL('./worker.js', import.meta.url)`;
const COMMON = { tsconfig: join(root, 'tsconfig.json'), platform: 'node', experimental: { nativeMagicString: true } };

rmSync(folder, { recursive: true, force: true });
await bundle(
  { main: join(sources, 'cli', 'main.ts') },
  {
    // Asked for in the same breath by whoever pulls: one file. What the others need besides is in files of their own; of the options all have some.
    codeSplitting: {
      groups: [
        { name: 'start', test: /src[\\/]cli[\\/](start|options)\.ts$/, priority: 2 },
        { name: 'pull', test: /src[\\/](cli[\\/]commands[\\/]pull|pull[\\/]index)\.ts$/, priority: 1 },
      ],
    },
  },
);
for (const path of workers()) {
  const name = workerName(path);
  await bundle({ [name]: path }, { chunkFileNames: `${name}-[name].js` });
}
for (const name of readdirSync(folder)) if (name.endsWith('.js')) asciiOnly(join(folder, name));
writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}\n');
// `npm link` makes the command executable once; a later build must keep it so.
chmodSync(join(folder, 'main.js'), 0o755);

async function bundle(input, output) {
  const made = await rolldown({ ...COMMON, input, plugins: [threadsBeside()], onLog });
  await made.write({
    dir: folder,
    format: 'cjs',
    sourcemap: true,
    comments: false,
    // Code that is loaded as kept knows no import().
    dynamicImportInCjs: false,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    ...output,
  });
  await made.close();
}

/** What only some commands need, `pull/index.ts` loads late; that a few of those modules are needed by all anyway is no fault. */
function onLog(level, log, handle) {
  if (log.code !== 'INEFFECTIVE_DYNAMIC_IMPORT') handle(level === 'warn' ? 'error' : level, log);
}

/** In the bundle every thread's file stands beside the one that starts it, under a name of its own. */
function threadsBeside() {
  return {
    name: 'threads-beside',
    transform: {
      filter: { code: WORKER_URL },
      handler: (code, id, { magicString }) => {
        const beside = `new URL('./${workerName(join(dirname(id), 'worker.ts'))}.js', import.meta.url)`;
        return { code: magicString.replace(WORKER_URL, beside) };
      },
    },
  };
}

/** One sign beyond ASCII makes V8 keep two bytes for each of a file, which then takes three times as long to read at every start. */
function asciiOnly(path) {
  const escaped = (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const code = readFileSync(path, 'utf8');
  // There an escape would be another text than its sign.
  const [unsafe] = /\\[\u0080-\uffff]|String\.raw`[^`]*[\u0080-\uffff]/.exec(code) ?? [];
  if (unsafe !== undefined) throw new Error(`${path}: ${unsafe} cannot be written in ASCII`);
  writeFileSync(path, code.replaceAll(/[\u0080-\uffff]/g, escaped));
}

function workers() {
  return readdirSync(sources, { withFileTypes: true, recursive: true })
    .filter(({ name }) => name === 'worker.ts')
    .map(({ parentPath, path, name }) => join(parentPath ?? path, name));
}

/** `src/transfer/carry/worker.ts` is `transfer-carry-worker`. */
function workerName(path) {
  return [...relative(sources, dirname(path)).split(sep), basename(path, '.ts')].join('-');
}
