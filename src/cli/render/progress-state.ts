import type { FileProgress, SluiceEvent } from '../../base/index.js';
import { matchEvent } from './match-event.js';

type ProgressEvent = Extract<SluiceEvent, { type: 'progress' }>;

/** What the live block shows; made from events alone. */
export interface ProgressState {
  readonly ref: string;
  readonly host: string;
  readonly progress: ProgressEvent | undefined;
  /** Files in flight in the order of their lines: a file keeps its line until it is done. */
  readonly slots: readonly FileProgress[];
  /** Set once the files are all there and only names remain to be made. */
  readonly ended: boolean;
}

export const EMPTY_STATE: ProgressState = { ref: '', host: '', progress: undefined, slots: [], ended: false };

export function reduce(state: ProgressState, event: SluiceEvent): ProgressState {
  const end = (): ProgressState => ({ ...state, slots: [], progress: undefined, ended: true });
  const without = ({ file }: { readonly file: string }): ProgressState => ({
    ...state,
    slots: state.slots.filter((slot) => slot.file !== file),
  });
  const next = matchEvent<ProgressState>(event, {
    'ref.resolved': ({ ref, host }) => ({ ...EMPTY_STATE, ref, host }),
    progress: (progress) => ({ ...state, progress, slots: arrange(state.slots, progress.files), ended: false }),
    'pull.done': end,
    'pull.failed': end,
    'file.proven': without,
    'file.landed': without,
    'file.failed': without,
  });
  return next ?? state;
}

/** Files that have a line keep it; a free line goes to the largest newcomer. */
function arrange(before: readonly FileProgress[], now: readonly FileProgress[]): readonly FileProgress[] {
  const current = new Map(now.map((file) => [file.file, file]));
  const next: FileProgress[] = [];
  const newcomers = [...now]
    .filter((file) => !before.some((slot) => slot.file === file.file))
    .sort((a, b) => (b.totalBytes ?? 0) - (a.totalBytes ?? 0));
  for (const slot of before) {
    const update = current.get(slot.file) ?? newcomers.shift();
    if (update !== undefined) next.push(update);
  }
  return [...next, ...newcomers];
}
