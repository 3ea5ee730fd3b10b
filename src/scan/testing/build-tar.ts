export interface TarEntry {
  readonly name: string;
  readonly content?: Buffer | string;
  readonly type?: string;
  readonly sizeBytes?: number;
  readonly magic?: string;
  readonly prefix?: string;
  readonly checksum?: number;
}

const BLOCK_BYTES = 512;

/** A tar archive of ustar by the letter of POSIX, right or wrong as the entries are. */
export function buildTar(entries: readonly TarEntry[], end: Buffer = Buffer.alloc(2 * BLOCK_BYTES)): Buffer {
  return Buffer.concat([...entries.map(entryOf), end]);
}

/** A record of an extended header. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let bytes = Buffer.byteLength(rest);
  while (String(bytes).length + Buffer.byteLength(rest) !== bytes)
    bytes = String(bytes).length + Buffer.byteLength(rest);
  return `${bytes}${rest}`;
}

function entryOf({ name, content = '', type = '0', magic = 'ustar\u000000', prefix = '', ...said }: TarEntry): Buffer {
  const bytes = Buffer.from(content);
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(name, 0);
  header.write('0000644\u0000', 100);
  header.write('0000000\u00000000000\u0000', 108);
  header.write(`${(said.sizeBytes ?? bytes.length).toString(8).padStart(11, '0')}\u0000`, 124);
  header.write('00000000000\u0000', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(magic, 257, 'latin1');
  header.write(prefix, 345);
  const sum = said.checksum ?? header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148);
  return Buffer.concat([header, bytes, Buffer.alloc((BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES)]);
}
