import { formatBytes, formatDuration, printable, type SluiceEvent } from '../../base/index.js';
import { displayWidth, padEnd, padStart, truncateEnd, truncateMiddle } from './width.js';

type Request = Extract<SluiceEvent, { type: 'server.request' }>;

/** Of the columns that stay the same from line to line. */
const METHOD_CELLS = 4;
const CACHE_CELLS = 7;
const BYTES_CELLS = 8;
const TIME_CELLS = 6;
/** Names of callers may be long; addresses of IPv6 are. */
const MOST_CLIENT_CELLS = 40;
const LEAST_PATH_CELLS = 12;

/**
 * A request of a server as people read it: `12:00:00 200 GET  HIT      1.20 kB   3 ms 10.0.0.7 /api/models/a/b`. What is longer than `columns` is cut, the path in its
 * middle: its end tells the file.
 */
export function requestLine(request: Request, at: Date, columns: number): string {
  const { client, who, status, method, path, cache, bytes, ms, cut } = request;
  const name = who === null ? client : `${printable(who)}@${client}`;
  const fixed = [
    at.toISOString().slice(11, 19),
    String(status),
    padEnd(truncateEnd(method, METHOD_CELLS, ''), METHOD_CELLS),
    padEnd(truncateEnd(cache ?? '', CACHE_CELLS, ''), CACHE_CELLS),
    padStart(formatBytes(bytes), BYTES_CELLS),
    padStart(ms < 1000 ? `${ms} ms` : formatDuration(ms), TIME_CELLS),
    ...(cut === null ? [] : [`cut: ${cut}`]),
  ].join(' ');
  const room = columns - displayWidth(fixed) - 1;
  const nameCells = Math.min(MOST_CLIENT_CELLS, room - LEAST_PATH_CELLS - 1);
  const shown = Number.isFinite(columns) ? truncateEnd(name, Math.max(1, nameCells)) : name;
  const pathCells = room - displayWidth(shown) - 1;
  const text = printable(path);
  const line = `${fixed} ${shown} ${Number.isFinite(columns) ? truncateMiddle(text, Math.max(1, pathCells)) : text}`;
  return Number.isFinite(columns) ? truncateEnd(line, columns) : line;
}
