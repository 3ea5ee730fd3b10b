import { createHash } from 'node:crypto';

/** The text that git has in place of a large file (git-lfs pointer, version 1). */
export function lfsPointer(sha256: string, sizeBytes: number): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${sizeBytes}\n`;
}

/** The id that git gives to content. */
export function gitBlobId(content: string | Buffer): string {
  const bytes = Buffer.from(content);
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
