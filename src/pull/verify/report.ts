/** One file that is not what it should be. */
export interface Problem {
  readonly path: string;
  readonly kind: 'wrong' | 'missing' | 'unreadable';
  /** `sha256:…`, `gitSha1:…`, or a size. */
  readonly expected: string;
  readonly actual: string;
  /** How to get it again: a pinned ref and the path in it, when the layout tells. */
  readonly from?: { readonly ref: string; readonly path: string; readonly view?: RepairView };
}

export interface RepairView {
  readonly view: 'hf' | 'modelscope' | 'modelscope-legacy' | 'flat' | 'repository';
  readonly root: string;
}

/** What one look at a holding or a folder found. */
export interface Inspection {
  /** What was looked at, in words for people: a ref, or a folder. */
  readonly subject: string;
  readonly layout: 'store' | 'hf' | 'modelscope' | 'flat' | 'checksums';
  readonly checkedFiles: number;
  readonly checkedBytes: number;
  /** Files without anything to check them against; they never count as right. */
  readonly unprovable: readonly string[];
  readonly problems: readonly Problem[];
}

/** Told after every file. */
export type VerifyProgress = (path: string, sizeBytes: number) => void;

/** A file that is not what it should be, or of which that cannot be said. */
export interface Finding {
  readonly path: string;
  readonly problem: 'wrong' | 'missing' | 'unreadable' | 'unknown';
  readonly detail?: string;
}

export interface VerifyReport {
  readonly target: string;
  readonly files: number;
  readonly bytes: number;
  readonly ms: number;
  readonly findings: readonly Finding[];
}

export function findingOf({ path, kind, expected, actual }: Problem): Finding {
  return { path, problem: kind, detail: `${actual} ≠ ${expected}` };
}
