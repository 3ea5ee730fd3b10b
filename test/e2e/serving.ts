import type { ChildProcess } from 'node:child_process';
import { startSluice, type Machine } from './harness.js';

export interface Serving {
  readonly url: string;
  readonly child: ChildProcess;
}

/** `sluice serve` on a free port, once it listens. It ends with the test. */
export async function startServing(machine: Machine, ...args: readonly string[]): Promise<Serving> {
  const { child, done } = startSluice(machine, ['serve', '--port', '0', '--json', ...args]);
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (text: string) => {
      const line = text.split('\n').find((candidate) => candidate.includes('server.listening'));
      if (line !== undefined) resolve((JSON.parse(line) as { url: string }).url);
    });
    done.then(({ code, stderr }) => reject(new Error(`it ended with ${code}: ${stderr}`)), reject);
  });
  return { url, child };
}
