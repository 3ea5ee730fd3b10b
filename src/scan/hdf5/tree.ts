import { address, type Blocks, fault, part, u16, u8 } from './blocks.js';

export interface TreeShape {
  readonly type: 0 | 1;
  readonly keyBytes: number;
  /** Half the children that a node has room for. */
  readonly half: number;
}

/** The leaves' children of a B-tree (version 1) with the keys before them. @throws FormatFault */
export async function* childrenOf(
  blocks: Blocks,
  root: number,
  { type, keyBytes, half }: TreeShape,
): AsyncGenerator<{ readonly child: number; readonly key: Buffer }> {
  const nodes = [root];
  for (let at = nodes.pop(); at !== undefined; at = nodes.pop()) {
    if (!blocks.isNew(at, 'tree')) continue;
    const node = await blocks.read(at, 24 + 2 * half * (8 + keyBytes) + keyBytes, 'B-tree');
    if (node.toString('latin1', 0, 4) !== 'TREE' || u8(node, 4) !== type) throw fault(`no tree at ${at}`);
    const [level, used] = [u8(node, 5), u16(node, 6)];
    if (used > 2 * half) throw fault(`a tree of ${used} entries`);
    for (let index = 0; index < used; index += 1) {
      const from = 24 + index * (keyBytes + 8);
      const child = address(node, from + keyBytes);
      if (level > 0) nodes.push(child);
      else yield { child, key: part(node, from, keyBytes) };
    }
  }
}
