import { createHash } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a stage has, and where. */
export interface Stage {
  readonly url: string;
  /** Path and query below any mirror of it. */
  readonly filePath: string;
  readonly sizeBytes: number;
  close(): void;
}

const REPOSITORY = 'sluice/rehearsal';
const FILE = 'model.safetensors';
/** Longer than what counts as small, so that it comes in pieces. */
const SIZE_BYTES = 1024 * 1024 + 1;
const COMMIT = '5'.repeat(40);

/** A hub of one repository with one file, on this machine only: enough of Hugging Face's protocol to be mirrored. @throws Error when there is no loopback */
export async function openStage(): Promise<Stage> {
  const bytes = Buffer.alloc(SIZE_BYTES);
  const server = createServer(answerer(bytes));
  // Nobody waits for it.
  server.unref();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    filePath: `/${REPOSITORY}/resolve/main/${FILE}`,
    sizeBytes: SIZE_BYTES,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answerer(bytes: Buffer): RequestListener {
  const oid = createHash('sha256').update(bytes).digest('hex');
  const size = bytes.length;
  const info = { id: REPOSITORY, sha: COMMIT, private: false, gated: false, disabled: false };
  const tree = [{ type: 'file', path: FILE, size, oid: COMMIT, lfs: { oid, size, pointerSize: 132 } }];
  return ({ url = '', headers }, response) => {
    const json = (value: unknown): void =>
      void response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    const repository = `/api/models/${REPOSITORY}`;
    if (url.startsWith(`${repository}/revision/`)) json(info);
    else if (url.startsWith(`${repository}/tree/`)) json(tree);
    else if (url.startsWith(`/${REPOSITORY}/resolve/`)) {
      const linked = { 'x-repo-commit': COMMIT, 'x-linked-size': String(size), 'x-linked-etag': `"${oid}"` };
      response.writeHead(302, { ...linked, location: `/${FILE}`, 'content-length': 0 }).end();
    } else if (url === `/${FILE}`) {
      const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
      const [start, end] = [Number(from ?? 0), Math.min(size, to ? Number(to) + 1 : size)];
      const part = { 'content-range': `bytes ${start}-${end - 1}/${size}` };
      response.writeHead(from === undefined ? 200 : 206, {
        ...{ etag: `"${oid}"`, 'accept-ranges': 'bytes', 'content-length': end - start },
        ...(from === undefined ? {} : part),
      });
      response.end(bytes.subarray(start, end));
    } else response.writeHead(404).end();
  };
}
