/** `<path>.metadata` of `hf download --local-dir`: three lines. */
export interface LocalDirMetadata {
  readonly commit: string;
  readonly etag: string;
  readonly timestampS: number;
}

export function formatMetadata({ commit, etag, timestampS }: LocalDirMetadata): string {
  return `${commit}\n${etag}\n${timestampS}\n`;
}

/** Never throws: undefined for anything else. */
export function parseMetadata(text: string): LocalDirMetadata | undefined {
  const [commit, etag, timestamp, ...rest] = text.trimEnd().split('\n');
  if (commit === undefined || etag === undefined || timestamp === undefined || rest.length > 0) return undefined;
  if (!/^\d{1,12}(?:\.\d{1,20})?$/.test(timestamp.trim()) || commit === '' || etag === '') return undefined;
  return { commit: commit.trim(), etag: etag.trim(), timestampS: Number(timestamp) };
}
