import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

const running: Server[] = [];

afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** What may become of an upstream, whatever it speaks. */
export const FAULTS = ['gone', 'silent', 'cut', 429, 500, 'login page', 'empty object'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Front {
  readonly url: string;
  /** Stands before `target`, which never notices. */
  readonly target: string;
  fault: Fault | undefined;
  /** Requests that met a fault. */
  readonly met: number;
}

const LOGIN = '<!DOCTYPE html><html><head><title>Sign in</title></head><body><form action="/login"><a href="/help">Help</a><input name="password"></form></body></html>'; // prettier-ignore

/** A door before an upstream. Ends with the test. */
export async function openFront(target: string): Promise<Front> {
  const state = { fault: undefined as Fault | undefined, met: 0 };
  const server = createServer((incoming, response) => {
    if (state.fault === undefined) {
      passOn(target, incoming, response);
      return;
    }
    state.met += 1;
    answerWith(state.fault, incoming, response);
  });
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(state, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, target });
}

function passOn(target: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { method, headers, url = '/' } = incoming;
  const outgoing = request(target + url, { method, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.destroy());
  incoming.pipe(outgoing);
}

function answerWith(fault: Fault, incoming: IncomingMessage, response: ServerResponse): void {
  const body = (type: string, text: string): void =>
    void response.writeHead(200, { 'content-type': type, 'content-length': text.length }).end(text);
  if (fault === 'silent') return;
  if (fault === 'gone') return void incoming.socket.destroy();
  if (fault === 'login page') {
    body('text/html', LOGIN);
    return;
  }
  if (fault === 'empty object') {
    body('application/json', '{}');
    return;
  }
  if (typeof fault === 'number') return void response.writeHead(fault).end('not now');
  if (incoming.method === 'HEAD') return void incoming.socket.destroy();
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 5000 }).write('{"a":');
  setTimeout(() => incoming.socket.destroy(), 20);
}
