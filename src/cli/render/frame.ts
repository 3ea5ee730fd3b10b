import { formatBytes, formatDuration, formatRate, printable, type FileProgress } from '../../base/index.js';
import { say } from '../texts/index.js';
import { percent, renderBar, share } from './bar.js';
import type { Look } from './look.js';
import type { ProgressState } from './progress-state.js';
import { displayWidth, padEnd, padStart, truncateEnd, truncateMiddle } from './width.js';

const MOST_FILES = 8;
const INDENT = '  ';
const PERCENT_WIDTH = 4;
const SIZE_WIDTH = 7;
const RATE_WIDTH = 9;

/** The live block: lines no wider than `columns` - 1 (the last cell would wrap on some terminals), no more than `rows` - 1. */
export function renderFrame(state: ProgressState, columns: number, rows: number, look: Look): readonly string[] {
  const width = Math.max(1, columns - 1);
  const { progress } = state;
  if (state.ended) return [];
  if (progress === undefined) {
    return state.host === ''
      ? []
      : [truncateEnd(INDENT + say(look.lang, 'progress.starting', { host: state.host }), width)];
  }
  if (width < 40 || rows < 5) return [look.style.bold(truncateEnd(shortTotal(state, look), width))];
  const room = Math.min(MOST_FILES, Math.max(1, rows - 4));
  const shown = state.slots.slice(0, room);
  const layout = layoutFor(shown, width, look);
  const lines = shown.map((file) => fileLine(file, layout, look));
  const hidden = state.slots.length - shown.length;
  if (hidden > 0) lines.push(look.style.dim(INDENT + say(look.lang, 'progress.more', { count: hidden })));
  return [...lines, totalLine(state, width, look), sourcesLine(state, width, look)];
}

/** What a file's line has room for: the name comes first, then percent and speed, then the bar, then the size. */
interface FileLayout {
  readonly name: number;
  readonly bar: number;
  readonly size: boolean;
}

function layoutFor(files: readonly FileProgress[], width: number, { signs }: Look): FileLayout {
  const cap = Math.min(70, Math.floor(width * 0.4));
  const names = files.map((file) => shortPath(printable(file.file), cap, signs.ellipsis));
  const longest = Math.max(10, ...names.map(displayWidth));
  const size = width >= 72;
  const tail = PERCENT_WIDTH + INDENT.length + RATE_WIDTH + (size ? SIZE_WIDTH + INDENT.length : 0);
  const room = width - INDENT.length * 2 - tail;
  if (width < 56) return { name: Math.min(longest, room), bar: 0, size };
  const name = Math.min(longest, Math.floor((room - INDENT.length) * 0.65));
  return { name, bar: Math.min(40, room - INDENT.length - name), size };
}

function fileLine(file: FileProgress, layout: FileLayout, look: Look): string {
  const { file: path, doneBytes, totalBytes } = file;
  const parts = [padEnd(shortPath(printable(path), layout.name, look.signs.ellipsis), layout.name)];
  if (layout.bar > 0) parts.push(renderBar(share(doneBytes, totalBytes), layout.bar, look));
  parts.push(padStart(percent(doneBytes, totalBytes), PERCENT_WIDTH));
  if (layout.size) parts.push(padStart(formatBytes(totalBytes ?? doneBytes), SIZE_WIDTH));
  parts.push(padStart(rate(file.bytesPerSecond), RATE_WIDTH));
  return INDENT + parts.join(INDENT);
}

/** Folders go first: what tells shards apart stands in the name. */
function shortPath(path: string, width: number, ellipsis: string): string {
  if (displayWidth(path) <= width) return path;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const short = `${ellipsis}/${name}`;
  return name !== path && displayWidth(short) <= width ? short : truncateMiddle(name, width, ellipsis, 0.65);
}

/** Bar, percent, bytes, speed and time left: the line that people look at. */
function totalLine(state: ProgressState, width: number, look: Look): string {
  const { progress } = state;
  if (progress === undefined) return '';
  const { doneBytes, totalBytes, bytesPerSecond, etaMs, limitBytesPerSecond } = progress;
  const bytes =
    totalBytes === null
      ? formatBytes(doneBytes)
      : say(look.lang, 'progress.of', { done: formatBytes(doneBytes), total: formatBytes(totalBytes) });
  const parts = [padStart(percent(doneBytes, totalBytes), PERCENT_WIDTH), bytes, rate(bytesPerSecond)];
  if (limitBytesPerSecond !== undefined)
    parts.push(say(look.lang, 'progress.limit', { rate: rate(limitBytesPerSecond) }));
  if (etaMs !== null) parts.push(say(look.lang, 'progress.eta', { time: formatDuration(etaMs) }));
  const tail = parts.filter((part) => part.trim() !== '').join(INDENT);
  // A step of four keeps the bar from breathing with every digit that comes and goes.
  const free = width - INDENT.length * 2 - displayWidth(tail);
  const barWidth = Math.min(60, free - (free % 4));
  if (barWidth < 4) return look.style.bold(truncateEnd(INDENT + tail, width));
  return `${INDENT}${renderBar(share(doneBytes, totalBytes), barWidth, look)}${INDENT}${look.style.bold(tail)}`;
}

/** Files done, and what each source gives. */
function sourcesLine(state: ProgressState, width: number, look: Look): string {
  const { progress } = state;
  if (progress === undefined) return '';
  const { filesDone, filesTotal } = progress;
  const parts = [say(look.lang, 'progress.files', { done: filesDone, total: filesTotal })];
  const sources = [...progress.sources].sort(
    (a, b) => b.bytesPerSecond - a.bytesPerSecond || b.doneBytes - a.doneBytes,
  );
  for (const source of sources) {
    if (source.connections > 0 || source.bytesPerSecond > 0)
      parts.push(`${printable(source.source)} ${rate(source.bytesPerSecond)}`);
  }
  return look.style.dim(truncateEnd(INDENT + parts.join(` ${look.signs.dot} `), width, look.signs.ellipsis));
}

function shortTotal(state: ProgressState, look: Look): string {
  const { progress } = state;
  if (progress === undefined) return '';
  const parts = [
    percent(progress.doneBytes, progress.totalBytes) || formatBytes(progress.doneBytes),
    rate(progress.bytesPerSecond),
  ];
  if (progress.etaMs !== null) parts.push(say(look.lang, 'progress.eta', { time: formatDuration(progress.etaMs) }));
  return parts.join(' ');
}

function rate(bytesPerSecond: number): string {
  return bytesPerSecond > 0 ? formatRate(bytesPerSecond) : '0 B/s';
}
