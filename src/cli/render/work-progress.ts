import { formatBytes, formatRate, printable } from '../../base/index.js';
import type { OutputStream } from '../host.js';
import type { Look } from './look.js';
import { displayWidth, truncateMiddle } from './width.js';

/** Chunks may be done faster than anybody reads. */
const EVERY_MS = 100;

export interface WorkProgressLine {
  readonly begin: (path: string) => void;
  readonly told: (doneBytes: number) => void;
  readonly settle: () => void;
}

/** One line that says how far the work on a file of this machine is, and how fast it goes; nothing where standard error is no terminal. */
export function createWorkProgress(
  look: Look,
  stream: OutputStream,
  now: () => number,
  shown: boolean,
): WorkProgressLine {
  const nothing = (): void => undefined;
  if (!shown || stream.isTTY !== true) return { begin: nothing, told: nothing, settle: nothing };
  let [name, lastMs, beganMs] = ['', Number.NEGATIVE_INFINITY, 0];
  let visible = false;
  return {
    begin: (path) => {
      name = printable(path);
      beganMs = now();
    },
    told: (doneBytes) => {
      const nowMs = now();
      if (nowMs - lastMs < EVERY_MS) return;
      lastMs = nowMs;
      visible = true;
      const rate = formatRate(doneBytes / Math.max(0.001, (nowMs - beganMs) / 1000));
      const numbers = ` ${look.signs.dot} ${formatBytes(doneBytes)} ${look.signs.dot} ${rate}`;
      const room = (stream.columns ?? 80) - 3 - displayWidth(numbers);
      stream.write(
        `\r${look.style.dim(`  ${truncateMiddle(name, Math.max(4, room), look.signs.ellipsis)}${numbers}`)}\u001b[K`,
      );
    },
    settle: () => {
      if (visible) stream.write('\r\u001b[K');
      visible = false;
    },
  };
}
