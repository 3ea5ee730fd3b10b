// pip, npm and apt through `sluice serve`, from indexes that are made here.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { run } from './processes.mjs';
import { holds, proof, same } from './report.mjs';

const CLIENT = 'pip, npm, apt';

export async function serveSites({ root, scratch, python }) {
  const folder = join(scratch, 'sites');
  mkdirSync(folder);
  const upstream = await startUpstream(join(folder, 'upstream'));
  const mirror = await startMirror(root, folder, upstream.url);
  try {
    await proveAll(folder, upstream, mirror, python);
  } finally {
    mirror.child.kill('SIGKILL');
    await upstream.close();
  }
}

async function proveAll(folder, upstream, mirror, python) {
  const pip = (name, ...more) =>
    must(python, [
      ...['-m', 'pip', 'download', '--no-deps', '--disable-pip-version-check', '--no-cache-dir', '-q'],
      ...['--index-url', `${mirror.url}/-/py/simple/`, '-d', join(folder, name), ...more, 'sluice-tiny'],
    ]);
  const npm = (name) => {
    const home = join(folder, name);
    mkdirSync(home, { recursive: true });
    writeFileSync(
      join(home, 'package.json'),
      '{"name":"x","version":"1.0.0","dependencies":{"@acme/sluice-tiny":"1.0.0"}}',
    );
    const flags = ['--no-audit', '--no-fund', '--cache', join(home, 'cache'), '--registry', `${mirror.url}/-/js/`];
    return must('npm', ['install', ...flags], { cwd: home, env: { HOME: home } });
  };
  await proof(CLIENT, 'pip downloads a wheel that the index names with its SHA-256', async () => {
    await pip('pip-cold');
    same(hashOf(join(folder, 'pip-cold', upstream.wheel.name)), upstream.wheel.sha256, 'the wheel');
    holds(upstream.requests.filter((path) => path.endsWith('.whl')).length > 0, 'nothing was fetched upstream');
  });
  await proof(CLIENT, 'npm installs a package of a scope, its integrity in the lock file', async () => {
    await npm('npm-cold');
    const lock = JSON.parse(readFileSync(join(folder, 'npm-cold', 'package-lock.json'), 'utf8'));
    const entry = lock.packages['node_modules/@acme/sluice-tiny'];
    same(entry.integrity, upstream.tarball.integrity, 'integrity');
    holds(!JSON.stringify(lock).includes(upstream.url), 'the lock file names the upstream');
  });
  await proof(CLIENT, 'apt reads the lists and downloads a package', () => apt(folder, 'apt-cold', mirror, upstream));
  await proof(CLIENT, 'a wheel that is not what the index says never comes through', async () => {
    upstream.spoilWheel = true;
    const { code } = await run(python, [
      ...['-m', 'pip', 'download', '--no-deps', '--retries', '0', '--no-cache-dir', '-q', '-d', join(folder, 'bad')],
      ...['--index-url', `${mirror.url}/-/py/simple/`, 'sluice-other'],
    ]);
    holds(upstream.requests.includes(`/packages/${upstream.other.name}`), 'it was not fetched');
    holds(code !== 0 && !existsSync(join(folder, 'bad', upstream.other.name)), 'pip took it');
  });
  const illnesses = [
    ['answer 500', () => (upstream.status = 500)],
    ['answer 429', () => (upstream.status = 429)],
    ['are gone', () => upstream.close()],
  ];
  for (const [index, [says, fail]] of illnesses.entries())
    await proof(CLIENT, `the indexes ${says}: what came once still comes, to new homes of all three`, async () => {
      await fail();
      await becomesStale(mirror);
      await pip(`pip-warm-${index}`);
      await npm(`npm-warm-${index}`);
      await apt(folder, `apt-warm-${index}`, mirror, upstream);
      same(hashOf(join(folder, `pip-warm-${index}`, upstream.wheel.name)), upstream.wheel.sha256, 'the wheel');
    });
}

/** Waits until what the mirror knows is old and cannot be asked for again. */
async function becomesStale({ url }) {
  for (let round = 0; round < 600; round += 1) {
    const { headers } = await fetch(`${url}/-/deb/dists/stable/Release`, { method: 'HEAD' });
    if (headers.get('x-cache-status') === 'STALE') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('nothing became stale');
}

async function apt(folder, name, mirror, upstream) {
  const home = join(folder, name);
  for (const part of ['lists/partial', 'archives/partial', 'etc/apt.conf.d', 'etc/preferences.d', 'etc/trusted.gpg.d'])
    mkdirSync(join(home, part), { recursive: true });
  writeFileSync(join(home, 'sources.list'), `deb [trusted=yes arch=amd64] ${mirror.url}/-/deb stable main\n`);
  writeFileSync(join(home, 'status'), '');
  const options = {
    Dir: '/',
    'Dir::Etc': join(home, 'etc'),
    'Dir::Etc::sourcelist': join(home, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State': home,
    'Dir::State::lists': join(home, 'lists'),
    'Dir::State::status': join(home, 'status'),
    'Dir::Cache': home,
    'Dir::Cache::archives': join(home, 'archives'),
    'APT::Architecture': 'amd64',
    'APT::Sandbox::User': 'root',
    'Acquire::Retries': '0',
  };
  const flags = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  await must('apt-get', [...flags, '-q', 'update']);
  await must('apt-get', [...flags, '-q', 'download', 'sluice-tiny'], { cwd: home });
  same(hashOf(join(home, 'sluice-tiny_1.0_amd64.deb')), upstream.deb.sha256, 'the package');
}

async function must(command, args, options) {
  const { code, stdout, stderr } = await run(command, args, options);
  holds(code === 0, `${command} ${args.join(' ')} ended with ${code}: ${stdout.slice(-600)} ${stderr.slice(-600)}`);
  return stdout;
}

const hashOf = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');
const digest = (algorithm, bytes, encoding = 'hex') => createHash(algorithm).update(bytes).digest(encoding);

/** An index of each kind with one package. */
async function startUpstream(folder) {
  mkdirSync(folder, { recursive: true });
  const wheel = makeWheel(folder, 'sluice_tiny');
  const other = makeWheel(folder, 'sluice_other');
  const tarball = makeTarball(folder);
  const deb = makeDeb(folder);
  const requests = [];
  const state = { spoilWheel: false, status: undefined };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url.split('?')[0]);
    requests.push(path);
    if (state.status !== undefined) return response.writeHead(state.status).end('not now');
    const send = (type, body) => {
      const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
      const bytes = Buffer.from(body);
      const headers = { 'content-type': type, etag: `"${digest('md5', bytes)}"` };
      if (match === null) return response.writeHead(200, { ...headers, 'content-length': bytes.length }).end(bytes);
      const end = match[2] === '' ? bytes.length : Math.min(bytes.length, Number(match[2]) + 1);
      const part = bytes.subarray(Number(match[1]), end);
      const range = `bytes ${match[1]}-${end - 1}/${bytes.length}`;
      return response.writeHead(206, { ...headers, 'content-range': range, 'content-length': part.length }).end(part);
    };
    for (const each of [wheel, other]) {
      const link = `<a href="/packages/${each.name}#sha256=${each.sha256}">${each.name}</a>`;
      if (path === `/simple/${each.project}/`)
        return send('text/html', `<!DOCTYPE html><html><body>${link}</body></html>`);
      const bytes = state.spoilWheel && each === other ? Buffer.alloc(each.bytes.length, 1) : each.bytes;
      if (path === `/packages/${each.name}`) return send('application/octet-stream', bytes);
    }
    if (path === '/@acme/sluice-tiny') return send('application/json', tarball.packument(server.url));
    if (path === tarball.path) return send('application/octet-stream', tarball.bytes);
    const list = deb.files.get(path);
    return list === undefined ? response.writeHead(404).end() : send('application/octet-stream', list);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.url = `http://127.0.0.1:${server.address().port}`;
  let closing;
  const close = () => {
    server.closeAllConnections();
    return (closing ??= new Promise((resolve) => server.close(resolve)));
  };
  const made = { url: server.url, requests, wheel, other, tarball, deb, close };
  return Object.defineProperties(made, {
    spoilWheel: { set: (value) => (state.spoilWheel = value) },
    status: { set: (value) => (state.status = value) },
  });
}

function makeWheel(folder, module) {
  const name = `${module}-1.0-py3-none-any.whl`;
  const script = `
import zipfile, sys
with zipfile.ZipFile(sys.argv[1], 'w') as z:
    z.writestr('${module}/__init__.py', 'value = 1\\n')
    z.writestr('${module}/data.bin', bytes(range(256)) * 8192)
    z.writestr('${module}-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: ${module}\\nVersion: 1.0\\n')
    z.writestr('${module}-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    z.writestr('${module}-1.0.dist-info/RECORD', '')
`;
  const { status, stderr } = spawnSync('python3', ['-c', script, join(folder, name)]);
  if (status !== 0) throw new Error(String(stderr));
  const bytes = readFileSync(join(folder, name));
  return { name, project: module.replace('_', '-'), bytes, sha256: digest('sha256', bytes) };
}

function makeTarball(folder) {
  const home = join(folder, 'package');
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{"name":"@acme/sluice-tiny","version":"1.0.0"}');
  const target = join(folder, 'tiny.tgz');
  if (spawnSync('tar', ['-czf', target, '-C', folder, 'package']).status !== 0) throw new Error('tar failed');
  const bytes = readFileSync(target);
  const path = '/@acme/sluice-tiny/-/sluice-tiny-1.0.0.tgz';
  const integrity = `sha512-${digest('sha512', bytes, 'base64')}`;
  const packument = (url) =>
    JSON.stringify({
      name: '@acme/sluice-tiny',
      'dist-tags': { latest: '1.0.0' },
      versions: {
        '1.0.0': {
          name: '@acme/sluice-tiny',
          version: '1.0.0',
          dist: { tarball: url + path, integrity, shasum: digest('sha1', bytes) },
        },
      },
    });
  return { path, bytes, integrity, packument };
}

function makeDeb(folder) {
  const home = join(folder, 'deb');
  mkdirSync(join(home, 'DEBIAN'), { recursive: true });
  const control =
    'Package: sluice-tiny\nVersion: 1.0\nArchitecture: amd64\nMaintainer: Nobody <nobody@example>\nDescription: tiny\n';
  writeFileSync(join(home, 'DEBIAN', 'control'), control);
  const target = join(folder, 'tiny.deb');
  if (spawnSync('dpkg-deb', ['-b', home, target]).status !== 0) throw new Error('dpkg-deb failed');
  const bytes = readFileSync(target);
  const sha256 = digest('sha256', bytes);
  const path = '/pool/main/s/sluice-tiny/sluice-tiny_1.0_amd64.deb';
  const packages = `${control}Filename: ${path.slice(1)}\nSize: ${statSync(target).size}\nSHA256: ${sha256}\n`;
  const list = 'main/binary-amd64/Packages';
  const release = [
    'Origin: sluice\nSuite: stable\nCodename: stable\nArchitectures: amd64\nComponents: main',
    'Date: Sat, 21 Nov 2026 00:00:00 UTC\nSHA256:',
    ` ${digest('sha256', packages)} ${packages.length} ${list}\n`,
  ].join('\n');
  const files = new Map([
    [path, bytes],
    ['/dists/stable/Release', release],
    [`/dists/stable/${list}`, packages],
  ]);
  return { sha256, files };
}

async function startMirror(root, folder, upstream) {
  const sites = [`py=pypi:${upstream}`, `js=npm:${upstream}`, `deb=debian:${upstream}`].flatMap((site) => [
    '--site',
    site,
  ]);
  const args = [join(root, 'dist', 'cli', 'main.js'), 'serve', '--port', '0', '--json', ...sites];
  const env = { PATH: process.env.PATH, HOME: folder, SLUICE_HOME: join(folder, 'store'), SLUICE_SERVE_FRESH: '1s' };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'], timeout: 300_000 });
  const url = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`sluice serve ended with ${code}`)));
    child.stdout.on('data', (chunk) => {
      const line = String(chunk)
        .split('\n')
        .find((each) => each.includes('server.listening'));
      if (line !== undefined) resolve(JSON.parse(line).url);
    });
  });
  return { url, child };
}
