// A hub that is never the limit: the simulator writes its answers once, nginx gives them. Hugging Face and ModelScope; large files are
// behind a redirect to another server, as at the real ones.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startSim } from '../../dist/sim/index.js';
import { contentOf, makeFiles, warm } from './data.mjs';
import { freePort, startNginx } from './nginx.mjs';

export const MODEL = 'bench/model';
/** Of what is written down; another one, and it is written anew. */
const VERSION = 2;

/** Serves `sizes` (path → bytes) as the repository MODEL. Gives { url, filesUrl, filesPort, files: [{ path, sizeBytes,
 * sha256, isLfs }], warm() }: the hub, and the server that its redirects lead to. Over https when a certificate is given; at `address`, started through the
 * words of `wrap`, which lead into another network namespace. */
export async function startHub({ dir, name, sizes, certificate, address = '127.0.0.1', wrap = [] }) {
  const folder = join(dir, 'data', name);
  const made = makeFiles(folder, sizes);
  const answers = join(dir, 'data', `${name}-answers`);
  const { commit, tree } = await recordAnswers(answers, made);
  const lfs = new Map(tree.filter(({ lfs: found }) => found !== undefined).map((entry) => [entry.path, entry.lfs.oid]));
  const oids = new Map(tree.filter(({ type }) => type === 'file').map(({ path, oid }) => [path, oid]));
  const files = made.map((file) => ({ ...file, isLfs: lfs.has(file.path) }));
  warm(folder, files);
  const dataPort = await freePort();
  const tls = certificate && `ssl_certificate ${certificate.cert}; ssl_certificate_key ${certificate.key};`;
  const filesUrl = `${tls ? 'https' : 'http'}://${address}:${dataPort}`;
  const origin = await startNginx({
    dir,
    root: folder,
    certificate,
    address,
    wrap,
    http: maps(files, oids),
    locations: locations({ folder, answers, commit, dataUrl: filesUrl }),
    servers: `server { listen ${address}:${dataPort} ${tls ? 'ssl' : ''} backlog=4096; ${tls ?? ''} root ${folder}; }`,
  });
  const url = certificate ? origin.tlsUrl : origin.url;
  return {
    url,
    filesUrl,
    filesPort: dataPort,
    files,
    warm: () => warm(folder, files),
    resolveUrl: `${url}/${MODEL}/resolve/main`,
  };
}

/** What the simulator says of the repository, as files. */
async function recordAnswers(answers, files) {
  const at = (name) => join(answers, name);
  const digests = JSON.stringify([VERSION, ...files]);
  if (!existsSync(at('of.json')) || readFileSync(at('of.json'), 'utf8') !== digests) {
    mkdirSync(answers, { recursive: true });
    const contents = Object.fromEntries(files.map(({ path, sizeBytes }) => [path, contentOf(path, sizeBytes)]));
    const sim = await startSim({ repositories: [{ id: MODEL, files: contents }], habits: { treePageSize: 1_000_000 } });
    const asked = {
      'hf-info.json': `/api/models/${MODEL}/revision/main`,
      'hf-tree.json': `/api/models/${MODEL}/tree/main?recursive=true`,
      'ms-info.json': `/api/v1/models/${MODEL}`,
      'ms-revisions.json': `/api/v1/models/${MODEL}/revisions`,
      'ms-files.json': `/api/v1/models/${MODEL}/repo/files?Revision=master&Recursive=True`,
      'ms-region.json': '/api/v1/repos/internalAccelerationInfo',
    };
    for (const [name, path] of Object.entries(asked)) {
      const answer = await fetch(sim.url + path);
      if (!answer.ok) throw new Error(`the simulator answers ${answer.status} to ${path}`);
      writeFileSync(at(name), await answer.text());
    }
    await sim.stop();
    for (const entry of JSON.parse(readFileSync(at('hf-tree.json'), 'utf8'))) {
      const path = join(answers, 'paths-info', `${entry.path}.json`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, JSON.stringify([entry]));
    }
    writeFileSync(at('of.json'), digests);
  }
  const read = (name) => JSON.parse(readFileSync(at(name), 'utf8'));
  return { commit: read('hf-info.json').sha, tree: read('hf-tree.json') };
}

/** What nginx must know of each file, by its path; ModelScope's are asked for with the path percent-encoded. */
function maps(files, oids) {
  const table = (from, to, rows) => `map ${from} ${to} { default ""; ${rows.map(([key, value]) => `"${key}" '${value}';`).join('\n')} }`; // prettier-ignore
  const large = files.filter(({ isLfs }) => isLfs);
  return [
    table('$content_length', '$hub_asked', [...new Map(files.map(({ path }) => [`paths=${encodeURIComponent(path)}`.length, `/paths-info/${path}.json`]))]),
    table('$hub_path', '$hub_sha', large.map(({ path, sha256 }) => [path, `"${sha256}"`])),
    table('$hub_path', '$hub_size', large.map(({ path, sizeBytes }) => [path, sizeBytes])),
    table('$hub_path', '$hub_etag', files.filter(({ isLfs }) => !isLfs).map(({ path }) => [path, `"${oids.get(path)}"`])),
    table('$arg_FilePath', '$ms_path', files.flatMap(({ path }) => [...new Set([path, encodeURIComponent(path)])].map((key) => [key, `/${path}`]))),
    table('$arg_FilePath', '$ms_large', large.flatMap(({ path }) => [...new Set([path, encodeURIComponent(path)])].map((key) => [key, `/${path}`]))),
  ].join('\n'); // prettier-ignore
}

function locations({ folder, answers, commit, dataUrl }) {
  const json = (path, name) => `location ${path} { root ${answers}; default_type application/json; add_header X-Repo-Commit ${commit}; try_files /${name} =404; }`; // prettier-ignore
  return `
${json(`~ ^/api/models/${MODEL}(/revision/[^/]+)?$`, 'hf-info.json')}
${json(`~ ^/api/models/${MODEL}/tree/`, 'hf-tree.json')}
${json(`= /api/v1/models/${MODEL}`, 'ms-info.json')}
${json(`= /api/v1/models/${MODEL}/revisions`, 'ms-revisions.json')}
${json(`= /api/v1/models/${MODEL}/repo/files`, 'ms-files.json')}
${json('~ internalAccelerationInfo', 'ms-region.json')}
location = /api/v1/models/${MODEL}/repo {
  root ${folder};
  if ($ms_large != "") { return 302 ${dataUrl}$ms_large; }
  try_files $ms_path =404;
}
location ~ ^/${MODEL}/resolve/[^/]+/(?<hub_path>.+)$ {
  root ${folder};
  etag off;
  add_header ETag $hub_etag;
  add_header X-Repo-Commit ${commit};
  add_header X-Linked-Etag $hub_sha;
  add_header X-Linked-Size $hub_size;
  if ($hub_sha != "") { return 302 ${dataUrl}/$hub_path; }
  try_files /$hub_path =404;
}
# Olah asks about one path by POST, which a server of files cannot read: how long the question is tells which.
location ~ ^/api/models/${MODEL}/paths-info/ { root ${answers}; error_page 405 =200 $hub_asked; try_files $hub_asked =404; }
location /paths-info/ { root ${answers}; default_type application/json; }
location ~ ^/api/ { return 404; }`;
}
