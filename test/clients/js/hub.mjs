// Calls of `@huggingface/hub` and what came of them. hub.mjs PACKAGE_FOLDER, the rest as JSON on standard input.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const { hubUrl, repo, large, cacheDir, missing } = JSON.parse(await text(process.stdin));
const hub = await import(pathToFileURL(createRequire(`${process.argv[2]}/`).resolve('@huggingface/hub')));
console.debug = () => undefined;
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

const folder = await hub.snapshotDownload({ repo, hubUrl, cacheDir });
const names = readdirSync(folder, { recursive: true }).filter((name) => statSync(join(folder, name)).isFile());
const tree = Object.fromEntries(names.map((name) => [relative('.', name), sha256(readFileSync(join(folder, name)))]));
const byXet = await hub.downloadFile({ repo, path: large, hubUrl, xet: true });
const plain = await hub.downloadFile({ repo, path: large, hubUrl, xet: false });
const slice = await byXet.slice(1_000_003, 1_200_007).arrayBuffer();
const listed = [];
for await (const entry of hub.listFiles({ repo, hubUrl, recursive: true, expand: true })) listed.push(entry.path);
const commits = [];
for await (const commit of hub.listCommits({ repo, hubUrl })) commits.push(commit.oid);
const result = {
  tree,
  kinds: [byXet.constructor.name, plain.constructor.name],
  digests: [sha256(Buffer.from(await byXet.arrayBuffer())), sha256(Buffer.from(await plain.arrayBuffer()))],
  slice: sha256(Buffer.from(slice)),
  listed,
  commits,
  exists: [await hub.fileExists({ repo, path: large, hubUrl }), await hub.fileExists({ repo, path: missing, hubUrl })],
};
process.stdout.write(`RESULT ${JSON.stringify(result)}\n`);
