// One download by `@huggingface/hub`, as its `snapshotDownload` does it. js-client.mjs PACKAGE_FOLDER HUB_URL REPOSITORY CACHE_DIR
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [folder, hubUrl, name, cacheDir] = process.argv.slice(2);
const { snapshotDownload } = await import(pathToFileURL(createRequire(`${folder}/`).resolve('@huggingface/hub')));
console.debug = () => undefined;

/** It asks about each path by POST, which a server of files cannot answer: the same question to the same server as a GET. */
async function ask(url, init) {
  if (init?.method !== 'POST') return fetch(url, init);
  const [path] = JSON.parse(init.body).paths;
  return fetch(`${hubUrl}/paths-info/${path}.json`);
}

await snapshotDownload({ repo: { type: 'model', name }, hubUrl, cacheDir, fetch: ask });
