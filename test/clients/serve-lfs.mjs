// git-lfs through `sluice serve`: a clone whose large files come from the mirror. The git repository itself is made here: the mirror has no git.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startMirror } from './mirror.mjs';
import { run } from './processes.mjs';
import { holds, proof, same } from './report.mjs';
import { fileFetches, TOKENS } from './world.mjs';

const CLIENT = 'git-lfs';
const WEIGHT = 'model-00001-of-00002.safetensors';

export async function serveLfs({ root, scratch, world }) {
  const folder = join(scratch, 'lfs');
  mkdirSync(folder);
  const large = {
    [WEIGHT]: world.sim.seededContent({ seed: 21, sizeBytes: 5_000_000 }),
    'b/tiny.bin': 'small, but in LFS',
  };
  const later = { [WEIGHT]: world.sim.seededContent({ seed: 22, sizeBytes: 3_000_000 }) };
  const hub = await world.start({
    repositories: [
      { id: 'acme/tiny', files: large },
      { id: 'acme/rows', kind: 'dataset', files: large },
      { id: 'acme/private', private: true, tokens: [TOKENS.granted], files: large },
    ],
  });
  const mirror = await startMirror({ root, hub, scratch });
  const digests = world.digests(large);
  const clone = (name, repository, ...config) =>
    makeClone(world, folder, name, large, `${mirror.url}/${repository}`, config);
  const filesOf = (at) => Object.fromEntries(Object.keys(large).map((path) => [path, hashOf(join(at, path))]));
  try {
    await proof(
      CLIENT,
      'pull by the address of the remote, cold: exact, each byte from the hub once (needs the package git-lfs)',
      async () => {
        const at = await clone('cold', 'acme/tiny');
        await git(at, 'lfs', 'pull');
        same(filesOf(at), digests, 'files');
        const sent = fileFetches(hub).reduce((sum, { bytes }) => sum + bytes, 0);
        holds(sent < 5_000_000 * 1.05, `the hub sent ${sent} bytes`);
      },
    );
    await proof(CLIENT, 'fetch and checkout of a data set by lfs.url, warm', async () => {
      hub.forget();
      const at = await clone('warm', 'nowhere', ['lfs.url', `${mirror.url}/datasets/acme/rows.git/info/lfs`]);
      await git(at, 'lfs', 'fetch', '--all');
      await git(at, 'lfs', 'checkout');
      same(filesOf(at), digests, 'files');
      same(
        fileFetches(hub).map(({ url }) => url),
        [],
        'files fetched',
      );
    });
    await proof(CLIENT, 'a private repository: by the token as a password, for nobody else', async () => {
      const at = await clone('private', 'acme/private', helper(TOKENS.granted));
      await git(at, 'lfs', 'pull');
      same(filesOf(at), digests, 'files');
      for (const [name, ...config] of [['nobody'], ['other', helper(TOKENS.other)]]) {
        const { code } = await tryGit(await clone(name, 'acme/private', ...config), 'lfs', 'pull');
        holds(code !== 0, `${name} got it`);
      }
    });
    await proof(CLIENT, 'an object of an older commit', async () => {
      hub.update('acme/tiny', later);
      const at = await clone('older', 'acme/tiny');
      await git(at, 'lfs', 'pull');
      same(filesOf(at), digests, 'files');
    });
    await proof(CLIENT, 'a push is refused in words', async () => {
      const { code, stderr } = await tryGit(join(folder, 'cold'), 'lfs', 'push', '--all', 'origin');
      holds(code !== 0 && stderr.includes('This is a mirror for reading'), `it ended with ${code}: ${stderr}`);
    });
    await proof(CLIENT, 'no header and no short body names the hub', async () => {
      const hosts = [hub.url, hub.cdnUrl].map((url) => new URL(url).host);
      same(
        mirror.words.filter((text) => hosts.some((host) => text.includes(host))),
        [],
        'words',
      );
    });
    await proof(CLIENT, 'the hub is gone: what was fetched still comes', async () => {
      await hub.die();
      const at = await clone('gone', 'datasets/acme/rows');
      await git(at, 'lfs', 'pull');
      same(filesOf(at), digests, 'files');
    });
  } finally {
    await mirror.stop();
    await hub.stop();
  }
}

/** A repository with pointers in the place of files, as a clone without its large files has them. */
async function makeClone(world, folder, name, files, remote, config) {
  const at = join(folder, name);
  mkdirSync(at);
  await git(at, 'init', '-q', '-b', 'main');
  const paths = Object.keys(files);
  writeFileSync(join(at, '.gitattributes'), '*.safetensors filter=lfs -text\n*.bin filter=lfs -text\n');
  for (const path of paths) {
    const content = world.sim.toContent(files[path]);
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${world.digest(files[path])}\nsize ${content.sizeBytes}\n`;
    mkdirSync(dirname(join(at, path)), { recursive: true });
    writeFileSync(join(at, path), pointer);
  }
  await git(at, 'add', '.');
  await git(at, 'commit', '-q', '-m', 'pointers');
  await git(at, 'remote', 'add', 'origin', remote);
  for (const [key, value] of config) await git(at, 'config', key, value);
  return at;
}

function helper(token) {
  return ['credential.helper', `!f() { echo username=user; echo password=${token}; }; f`];
}

async function git(at, ...args) {
  const { code, stderr } = await tryGit(at, ...args);
  holds(code === 0, `git ${args.join(' ')} ended with ${code}: ${stderr.slice(-800)}`);
}

function tryGit(at, ...args) {
  const who = {
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example',
  };
  const filter = { GIT_CONFIG_COUNT: '2', GIT_CONFIG_KEY_0: 'filter.lfs.smudge', GIT_CONFIG_VALUE_0: 'git-lfs smudge --skip -- %f', GIT_CONFIG_KEY_1: 'filter.lfs.clean', GIT_CONFIG_VALUE_1: 'git-lfs clean -- %f' }; // prettier-ignore
  return run('git', args, {
    cwd: at,
    env: { ...who, ...filter, HOME: at, GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' },
  });
}

function hashOf(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
