import type { ChildProcess } from 'node:child_process';
import { startSluice, type JsonEvent, type Machine } from './harness.js';

export interface Serving {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it has told so far. */
  readonly events: () => readonly JsonEvent[];
}

/** `sluice serve` on a free port, once it listens. It ends with the test. */
export async function startServing(machine: Machine, ...args: readonly string[]): Promise<Serving> {
  const { child, done } = startSluice(machine, ['serve', '--port', '0', '--json', ...args]);
  let told = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (text: string) => {
      told += text;
      const line = text.split('\n').find((candidate) => candidate.includes('server.listening'));
      if (line !== undefined) resolve((JSON.parse(line) as { url: string }).url);
    });
    done.then(({ code, stderr }) => reject(new Error(`it ended with ${code}: ${stderr}`)), reject);
  });
  const events = (): readonly JsonEvent[] =>
    told
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as JsonEvent);
  return { url, child, events };
}
