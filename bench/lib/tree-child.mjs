// A hub with one repository of so many files, listed a thousand a page: made while it is sent, so that the hub holds none of it.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const ENTRIES = Number(process.argv[2]);
const PAGE_ENTRIES = 1000;
const COMMIT = 'c'.repeat(40);

function entryOf(at) {
  const oid = createHash('sha1').update(String(at)).digest('hex');
  const path = `part-${String(Math.floor(at / 1000)).padStart(5, '0')}/sample-${String(at).padStart(8, '0')}.json`;
  return { type: 'file', oid, size: 100 + (at % 900), path };
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://hub');
  response.setHeader('content-type', 'application/json');
  if (url.pathname.includes('/revision/'))
    return void response.end(JSON.stringify({ id: 'bench/many', sha: COMMIT, private: false, gated: false }));
  if (!url.pathname.includes('/tree/')) return void response.writeHead(404).end('{}');
  const start = Number(url.searchParams.get('cursor') ?? 0);
  const end = Math.min(ENTRIES, start + PAGE_ENTRIES);
  url.searchParams.set('cursor', String(end));
  if (end < ENTRIES)
    response.setHeader('link', `<http://${request.headers.host}${url.pathname}${url.search}>; rel="next"`);
  response.end(JSON.stringify(Array.from({ length: end - start }, (_, index) => entryOf(start + index))));
});
server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`));
