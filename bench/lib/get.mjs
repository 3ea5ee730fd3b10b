// One GET (or HEAD) with its redirects on plain sockets, bytes thrown away: `node get.mjs URL [HEAD]`. Prints JSON: status, ms to the first byte
// of the body and to the last one, both from before the first connection, and the bytes of the body.
import { connect } from 'node:net';

const [, , url, method = 'GET'] = process.argv;
const MOST_HOPS = 5;

async function ask(at, hops = MOST_HOPS) {
  const answer = await once(new URL(at));
  const isRedirect = answer.status >= 300 && answer.status < 400 && answer.location !== undefined;
  return isRedirect && hops > 0 ? ask(new URL(answer.location, at).href, hops - 1) : answer;
}

function once({ hostname, port, host, pathname, search }) {
  return new Promise((resolve, reject) => {
    let head = '';
    let answer;
    let firstMs;
    let bytes = 0;
    const buffer = Buffer.allocUnsafe(1024 * 1024);
    const finish = () => {
      resolve({ ...answer, firstMs, totalMs: performance.now() - startedMs, bytes });
      socket.destroy();
    };
    const count = (length) => {
      if (length > 0) firstMs ??= performance.now() - startedMs;
      bytes += length;
      if (bytes >= answer.length || method === 'HEAD' || answer.isRedirect) finish();
    };
    const take = (length) => {
      if (answer !== undefined) return count(length);
      head += buffer.latin1Slice(0, length);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      answer = understand(head.slice(0, end));
      count(head.length - end - 4);
    };
    const socket = connect({ host: hostname, port: Number(port), noDelay: true, onread: { buffer, callback: (length) => (take(length), true) } }); // prettier-ignore
    socket.once('connect', () => socket.write(`${method} ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)); // prettier-ignore
    socket.once('error', reject).once('close', () => reject(new Error(`cut after ${bytes} bytes`)));
  });
}

function understand(head) {
  const field = (name) => new RegExp(`^${name}:[ \t]*(.*?)[ \t]*$`, 'im').exec(head)?.[1];
  const status = Number(head.slice(9, 12));
  const location = field('location');
  return { status, location, isRedirect: status >= 300 && status < 400, length: Number(field('content-length') ?? 0) };
}

const startedMs = performance.now();
const { status, firstMs, totalMs, bytes } = await ask(url);
process.stdout.write(`${JSON.stringify({ status, firstMs, totalMs, bytes })}\n`);
