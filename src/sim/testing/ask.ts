import { request, type IncomingHttpHeaders } from 'node:http';

/** What came back before the connection ended, however it ended. */
export interface Heard {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** `whole`: as promised. `cut`: fewer bytes than promised. `silent`: nothing more came for a while. */
  readonly end: 'whole' | 'cut' | 'silent';
  readonly error: string | undefined;
}

/** Long enough for a busy machine; who expects silence waits for less. */
const SILENCE_MS = 10_000;

/** How to ask. */
export interface AskOptions {
  readonly method?: string;
  readonly silenceMs?: number;
}

/** A client that follows nothing, decodes nothing and never throws. */
export async function ask(url: string, headers: Record<string, string> = {}, options: AskOptions = {}): Promise<Heard> {
  const { method = 'GET', silenceMs = SILENCE_MS } = options;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let status = 0;
    let got: IncomingHttpHeaders = {};
    const finish = (end: Heard['end'], error?: string): void => {
      clearTimeout(timer);
      resolve({ status, headers: got, body: Buffer.concat(chunks), end, error });
      outgoing.destroy();
    };
    let timer = setTimeout(() => finish('silent'), silenceMs);
    const outgoing = request(url, { method, headers, agent: false }, (response) => {
      status = response.statusCode ?? 0;
      got = response.headers;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        clearTimeout(timer);
        timer = setTimeout(() => finish('silent'), silenceMs);
      });
      response.on('end', () => finish(response.complete ? 'whole' : 'cut'));
      response.on('error', (error) => finish('cut', error.message));
    });
    outgoing.on('error', (error) => finish('cut', error.message));
    outgoing.end();
  });
}
