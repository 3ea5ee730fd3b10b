import { formatBytes, printable } from '../../base/index.js';
import type { OutputStream } from '../host.js';
import { filesText } from '../texts/index.js';
import type { Look } from './look.js';
import { truncateEnd } from './width.js';

/** Files may be proven faster than anybody reads. */
const EVERY_MS = 100;

export interface VerifyProgressLine {
  readonly told: (path: string, sizeBytes: number) => void;
  readonly settle: () => void;
}

/** One line that says how far a verification is; nothing where standard error is no terminal. */
export function createVerifyProgress(
  look: Look,
  stream: OutputStream,
  now: () => number,
  shown: boolean,
): VerifyProgressLine {
  if (!shown || stream.isTTY !== true) return { told: () => undefined, settle: () => undefined };
  let [files, bytes, lastMs] = [0, 0, Number.NEGATIVE_INFINITY];
  let visible = false;
  return {
    told: (path, sizeBytes) => {
      files += 1;
      bytes += sizeBytes;
      if (now() - lastMs < EVERY_MS) return;
      lastMs = now();
      visible = true;
      const text = [filesText(look.lang, files), formatBytes(bytes), printable(path)].join(` ${look.signs.dot} `);
      const line = truncateEnd(`  ${text}`, (stream.columns ?? 80) - 1, look.signs.ellipsis);
      stream.write(`\r${look.style.dim(line)}\u001b[K`);
    },
    settle: () => {
      if (visible) stream.write('\r\u001b[K');
      visible = false;
    },
  };
}
