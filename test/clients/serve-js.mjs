// (e) for JavaScript: `@huggingface/hub` takes `sluice serve` for the hub.
import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { startMirror } from './mirror.mjs';
import { run } from './processes.mjs';
import { holds, proof, same } from './report.mjs';
import { fileFetches } from './world.mjs';

const MODEL = 'acme/tiny-1.5';
const LARGE = 'model-00001-of-00002.safetensors';

export async function serveJavaScript({ root, world, client, scratch }) {
  const label = `${client.name} on the mirror`;
  // It cannot fetch empty files, nor names with a #, which it puts into URLs as they are.
  const { 'empty.txt': _, 'notes/ünïcode name [1] #2.txt': odd, ...others } = world.repositories[0].files;
  const files = { ...others, 'notes/ünïcode name [1].txt': odd };
  const hub = await world.start({ repositories: [{ id: MODEL, files }] });
  const mirror = await startMirror({ root, hub, scratch });
  const call = async (endpoint) => {
    const home = mkdtempSync(join(scratch, 'home-'));
    const spec = {
      hubUrl: endpoint,
      repo: { type: 'model', name: MODEL },
      large: LARGE,
      missing: 'none.txt',
      cacheDir: home,
    };
    const script = join(import.meta.dirname, 'js', 'hub.mjs');
    const options = { env: { HOME: home }, input: JSON.stringify(spec) };
    const { code, stdout, stderr } = await run(process.execPath, [script, client.folder], options);
    const line = stdout.split('\n').find((each) => each.startsWith('RESULT '));
    if (code !== 0 || line === undefined) throw new Error(`it ended with ${code}\n${stderr.slice(-2000)}`);
    return JSON.parse(line.slice('RESULT '.length));
  };
  const content = world.sim.toContent(files[LARGE]);
  const check = ({ tree, kinds, digests, slice, listed, commits, exists }) => {
    same(tree, world.digests(files), 'files of the snapshot');
    same(digests, [world.model[LARGE], world.model[LARGE]], `a large file by ${kinds}`);
    const wanted = createHash('sha256').update(content.read(1_000_003, 200_004)).digest('hex');
    same(slice, wanted, 'a slice of it');
    same(listed.sort(), [...Object.keys(files), 'notes'].sort(), 'names');
    same(commits, [hub.commit(MODEL)], 'commits');
    same(exists, [true, false], 'what exists');
  };
  try {
    await proof(
      label,
      'cold, then warm: snapshot, large file by Xet and plainly, slices, listing, commits',
      async () => {
        const first = await call(mirror.url);
        check(first);
        same(first.kinds[0], 'XetBlob', 'the large file came by Xet');
        hub.forget();
        check(await call(mirror.url));
        same(
          fileFetches(hub).map(({ url }) => url),
          [],
          'files fetched',
        );
      },
    );
    await proof(label, 'under a path prefix, Xet switched off', async () => {
      const other = await startMirror({ root, hub, scratch, prefix: '/a/hf', env: { SLUICE_SERVE_XET: 'strip' } });
      try {
        const result = await call(other.url);
        check(result);
        holds(result.kinds[0] !== 'XetBlob', 'the large file came plainly');
      } finally {
        await other.stop();
      }
    });
    await proof(label, 'the hub is gone: all of it still comes', async () => {
      await hub.die();
      check(await call(mirror.url));
    });
  } finally {
    await mirror.stop();
    await hub.stop();
  }
}
