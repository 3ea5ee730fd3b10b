const MIB = 2 ** 20;
const LEAST_BYTES = 16 * MIB;
/** Every connection may take as much: more would let a few dozen of them fill a small machine. */
const MOST_BYTES = 256 * MIB;

/**
 * The largest buffer of a connection over a path with this bandwidth-delay product: the kernel gives half of a buffer out as window
 * (tcp_adv_win_scale), and a sender that lost something needs a second window while it repairs. A power of two, in bytes.
 */
export function bufferBytes(productBytes: number | undefined): number {
  const needed = 4 * (productBytes ?? 0);
  return Math.min(MOST_BYTES, Math.max(LEAST_BYTES, 2 ** Math.ceil(Math.log2(Math.max(1, needed)))));
}
