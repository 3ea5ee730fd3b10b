import { MOST_HDF5_OBJECTS } from '../limits.js';
import { address, type Blocks, fault, part, u16, u64, u8, unsigned, widthFor } from './blocks.js';

const HEADER_BYTES = 38;
/** Signature, version, type and checksum of a node. */
const NODE_BYTES = 10;
const MOST_DEPTH = 64;

interface Level {
  /** Records that a node has room for. */
  readonly most: number;
  /** Bytes in which the records of everything below a child are counted. */
  readonly countWidth: number;
}

/** Every record of a B-tree (version 2) whose records are of one of `types`. @throws FormatFault */
export async function recordsOf(
  blocks: Blocks,
  at: number,
  types: readonly number[],
): Promise<{ readonly type: number; readonly found: readonly Buffer[] }> {
  const head = await blocks.signed(at, HEADER_BYTES, 'BTHD');
  const [type, nodeBytes] = [u8(head, 5), head.readUInt32LE(6)];
  const [recordBytes, depth] = [u16(head, 10), u16(head, 12)];
  if (u8(head, 4) !== 0 || !types.includes(type)) throw fault(`a tree of records of the type ${type}`);
  if (depth > MOST_DEPTH || recordBytes === 0) throw fault(`a tree of the depth ${depth}`);
  const root = u64(head, 16);
  if (root === undefined) return { type, found: [] };
  const levels = levelsOf(nodeBytes, recordBytes, depth);
  const leafWidth = widthFor(levels[0]?.most ?? 1);
  const found: Buffer[] = [];
  const nodes = [{ at: root, count: u16(head, 24), level: depth }];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    const { level, count } = node;
    const block = await blocks.signed(node.at, nodeBytes, level > 0 ? 'BTIN' : 'BTLF');
    if (u8(block, 4) !== 0 || u8(block, 5) !== type || count > (levels[level]?.most ?? 0))
      throw fault(`a node of a tree at ${node.at} that does not fit it`);
    for (let index = 0; index < count; index += 1) found.push(part(block, 6 + index * recordBytes, recordBytes));
    if (found.length > MOST_HDF5_OBJECTS) throw fault(`more than ${MOST_HDF5_OBJECTS} records`);
    if (level === 0) continue;
    const step = 8 + leafWidth + (levels[level - 1]?.countWidth ?? 0);
    for (let index = 0, from = 6 + count * recordBytes; index <= count; index += 1, from += step)
      nodes.push({ at: address(block, from), count: unsigned(block, from + 8, leafWidth), level: level - 1 });
  }
  return { type, found };
}

/** What nodes of each level have room for, from the leaves up. */
function levelsOf(nodeBytes: number, recordBytes: number, depth: number): readonly Level[] {
  const leafMost = Math.floor((nodeBytes - NODE_BYTES) / recordBytes);
  if (leafMost < 1) throw fault(`a tree whose nodes of ${nodeBytes} bytes have no room`);
  const levels: Level[] = [{ most: leafMost, countWidth: 0 }];
  let below = leafMost;
  for (let level = 1; level <= depth; level += 1) {
    const pointerBytes = 8 + widthFor(leafMost) + (levels[level - 1]?.countWidth ?? 0);
    const most = Math.floor((nodeBytes - NODE_BYTES - pointerBytes) / (recordBytes + pointerBytes));
    if (most < 1) throw fault(`a tree whose nodes of ${nodeBytes} bytes have no room`);
    below = Math.min((most + 1) * below + most, 2 ** 63);
    levels.push({ most, countWidth: widthFor(below) });
  }
  return levels;
}
