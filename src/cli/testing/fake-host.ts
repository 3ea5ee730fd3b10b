import type { Environment } from '../../base/index.js';
import type { Host, OutputStream } from '../host.js';

export interface FakeStream extends OutputStream {
  readonly writes: string[];
  columns?: number;
  rows?: number;
  text(): string;
  resize(columns: number): void;
}

export function fakeStream(size?: { columns: number; rows?: number }): FakeStream {
  const writes: string[] = [];
  const listeners = new Set<() => void>();
  const stream: FakeStream = {
    isTTY: size !== undefined,
    ...(size === undefined ? {} : { columns: size.columns, rows: size.rows ?? 24 }),
    writes,
    write: (text) => writes.push(text),
    text: () => writes.join(''),
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    resize: (columns) => {
      stream.columns = columns;
      for (const listener of listeners) listener();
    },
  };
  return stream;
}

export interface FakeHost extends Host {
  readonly stdout: FakeStream;
  readonly stderr: FakeStream;
  readonly interrupt: (reason: unknown) => void;
  tick(ms: number): void;
}

export function fakeHost(
  options: { env?: Environment; stdin?: string; columns?: number; cwd?: string } = {},
): FakeHost {
  const controller = new AbortController();
  let nowMs = Date.UTC(2026, 10, 21);
  const size = options.columns === undefined ? undefined : { columns: options.columns };
  return {
    env: { HOME: '/nowhere', LANG: 'en_US.UTF-8', ...options.env },
    cwd: options.cwd ?? '/work-folder',
    platform: 'linux',
    stdout: fakeStream(size),
    stderr: fakeStream(size),
    stdin: (async function* () {
      yield options.stdin ?? '';
    })(),
    signal: controller.signal,
    now: () => nowMs,
    beService: () => undefined,
    interrupt: (reason) => controller.abort(reason),
    tick: (ms) => {
      nowMs += ms;
    },
  };
}
