import { stat } from 'node:fs/promises';

/** Often enough for a token that was taken back; cheap enough for ever. */
const EVERY_MS = 1000;

/**
 * Calls back when a file changed, came or went. Files are asked, since notifications fail on network disks and mounted secrets.
 * `isAsRead`: asked once after the first look, whether what was read before it is what the files say still.
 */
export function watchFiles(
  paths: () => readonly string[],
  onChange: () => void,
  isAsRead: () => Promise<boolean>,
): () => void {
  let known: string | undefined;
  let isBusy = false;
  const look = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    const marks = await Promise.all(paths().map(markOf));
    const now = marks.join('\n');
    const isFirst = known === undefined;
    if (isFirst ? !(await isAsRead()) : known !== now) onChange();
    known = now;
    isBusy = false;
  };
  void look();
  const timer = setInterval(() => void look(), EVERY_MS);
  return () => clearInterval(timer);
}

async function markOf(path: string): Promise<string> {
  try {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true });
    return `${path} ${mtimeNs} ${size} ${ino}`;
  } catch {
    return `${path} -`;
  }
}
