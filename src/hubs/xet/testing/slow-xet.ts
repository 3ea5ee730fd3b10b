import { slowKeyedHash } from './slow-blake3.js';

const DATA = Buffer.from('6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229', 'hex');
const NODE = Buffer.from('017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f', 'hex');

type Node = readonly [hash: Buffer, size: number];

/** The hashes of Xet, straight from the specification, to judge the fast ones. */
export const slowXet = {
  chunkHash: (bytes: Uint8Array): Buffer => slowKeyedHash(DATA, bytes),

  text: (hash: Buffer): string =>
    [0, 8, 16, 24].map((at) => hash.readBigUInt64LE(at).toString(16).padStart(16, '0')).join(''),

  root(nodes: readonly Node[]): Buffer {
    if (nodes.length === 0) return Buffer.alloc(32);
    let level = nodes;
    while (level.length > 1) {
      const above: Node[] = [];
      for (let rest = level; rest.length > 0;) {
        const cut = rest.slice(0, 9).findIndex(([hash], index) => index >= 2 && hash.readBigUInt64LE(24) % 4n === 0n);
        const group = rest.slice(0, rest.length <= 2 ? rest.length : cut < 0 ? 9 : cut + 1);
        const text = group.map(([hash, size]) => `${slowXet.text(hash)} : ${size}\n`).join('');
        above.push([slowKeyedHash(NODE, Buffer.from(text)), group.reduce((sum, [, size]) => sum + size, 0)]);
        rest = rest.slice(group.length);
      }
      level = above;
    }
    return level[0]![0];
  },

  fileId: (nodes: readonly Node[]): Buffer => slowKeyedHash(Buffer.alloc(32), slowXet.root(nodes)),
};
