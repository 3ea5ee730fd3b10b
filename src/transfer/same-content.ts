import type { TransferTask } from './port.js';

/** Tasks of the same content. */
export type ContentGroup = readonly [TransferTask, ...TransferTask[]];

/** Tasks by content, in order of first appearance: what is the same is fetched once. */
export function sameContent(tasks: readonly TransferTask[]): readonly ContentGroup[] {
  const groups = new Map<string, [TransferTask, ...TransferTask[]]>();
  for (const [index, task] of tasks.entries()) {
    const key = contentKey(task) ?? `task ${index}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [task]);
    else group.push(task);
  }
  return [...groups.values()];
}

/** Tasks that promise further digests than others stay apart: each promise is to be checked. */
function contentKey({ digests, sizeBytes }: TransferTask): string | undefined {
  if (digests.sha256 === undefined && digests.gitSha1 === undefined) return undefined;
  return JSON.stringify([Object.entries(digests).sort(([left], [right]) => (left < right ? -1 : 1)), sizeBytes]);
}
