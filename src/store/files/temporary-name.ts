import { randomBytes } from 'node:crypto';
import { sep } from 'node:path';

const PROCESS = `${process.pid}-${randomBytes(4).toString('hex')}`;
let count = 0;

/** A name in `folder` that nobody else uses, in this process or another. */
export function temporaryName(folder: string): string {
  count += 1;
  return `${folder}${sep}${PROCESS}-${count}`;
}
