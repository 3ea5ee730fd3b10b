// Runs clients and `sluice` in a clean environment, with the network or without.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const TIMEOUT_MS = 120_000;
const DEAD = 'http://127.0.0.1:9';
const PASSED_ON = ['PATH', 'LANG', 'SystemRoot', 'TMPDIR', 'TEMP', 'LD_LIBRARY_PATH', 'SSL_CERT_FILE'];

/** How the network is cut here: really, or only as far as proxies are obeyed. */
export const networkCut = (() => {
  for (const prefix of [
    ['unshare', '-n'],
    ['unshare', '-rn'],
  ]) {
    const [command, ...args] = prefix;
    if (spawnSync(command, [...args, 'true']).status === 0) return { how: prefix.join(' '), prefix, env: {} };
  }
  const env = Object.fromEntries(
    ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [
      [name, DEAD],
      [name.toLowerCase(), DEAD],
    ]),
  );
  return { how: `proxy variables that lead to ${DEAD}`, prefix: [], env };
})();

/** Ends with { code, stdout, stderr }. `env` is all there is besides the basics. */
export async function run(command, args, { env = {}, input = '', cut = false, cwd } = {}) {
  const [program, ...rest] = cut ? [...networkCut.prefix, command, ...args] : [command, ...args];
  const basics = Object.fromEntries(
    PASSED_ON.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])),
  );
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { env: { ...basics, ...env, ...(cut ? networkCut.env : {}) }, cwd });
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: signal === null ? code : signal, stdout, stderr });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Runs a script of `py/` and gives what it reported, together with what it wrote to standard error. */
export async function python(interpreter, script, spec, options = {}) {
  const path = join(import.meta.dirname, 'py', script);
  const { code, stdout, stderr } = await run(interpreter, [path], { ...options, input: JSON.stringify(spec) });
  const line = stdout.split('\n').find((each) => each.startsWith('RESULT '));
  if (code !== 0 || line === undefined)
    throw new Error(`${script} ended with ${code}\n${stdout.slice(-500)}\n${stderr.slice(-2500)}`);
  return { ...JSON.parse(line.slice('RESULT '.length)), stderr };
}

/** Runs the built `sluice`; throws unless it ends with 0. */
/** Runs `sluice`; an exit code other than `exit` (0 unless told) is an error. */
export async function sluice(root, args, { exit = 0, ...options }) {
  const { code, stdout, stderr } = await run(
    process.execPath,
    [join(root, 'dist', 'cli', 'main.js'), ...args],
    options,
  );
  if (code !== exit)
    throw new Error(`sluice ${args.join(' ')} ended with ${code}\n${stdout.slice(-800)}\n${stderr.slice(-1500)}`);
  return { stdout, stderr };
}
