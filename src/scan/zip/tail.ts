import { FormatFault } from '../format-fault.js';
import type { ByteSource } from '../port.js';
import { findZipEnd } from './end.js';
import { CENTRAL_BYTES, END_BYTES, SIGNATURES } from './records.js';

/** So many ends are no numbers, wherever they lead. */
const MOST_CANDIDATES = 16;

/** Whether readers that look for archives from the end would find one here. In numbers no such end stands by accident. */
export async function hasZipTail(bytes: ByteSource): Promise<boolean> {
  const tailBytes = Math.min(bytes.sizeBytes, 0xffff + END_BYTES);
  const tail = await bytes.read(bytes.sizeBytes - tailBytes, tailBytes);
  const signature = Buffer.alloc(4);
  let candidates = 0;
  for (let at = tail.length; at > 0;) {
    signature.writeUInt32LE(SIGNATURES.end);
    at = tail.lastIndexOf(signature, at - 1);
    if (at < 0 || at + END_BYTES > tail.length) continue;
    const directoryBytes = tail.readUInt32LE(at + 12);
    const directoryStartByte = bytes.sizeBytes - tailBytes + at - directoryBytes;
    // Whatever is in front moves the directory: it is where it must end, not where it is said to be.
    if (directoryBytes < CENTRAL_BYTES || directoryStartByte < 0) continue;
    candidates += 1;
    if (candidates > MOST_CANDIDATES) return true;
    signature.writeUInt32LE(SIGNATURES.central);
    if ((await bytes.read(directoryStartByte, 4)).equals(signature)) return true;
  }
  return endsAsZip(bytes);
}

/** Archives of zip64, too, whose directory ends before other records. */
async function endsAsZip(bytes: ByteSource): Promise<boolean> {
  try {
    await findZipEnd(bytes);
    return true;
  } catch (thrown) {
    if (thrown instanceof FormatFault) return false;
    throw thrown;
  }
}
