import { formatBytes, formatDuration, printable, type SluiceEvent } from '../../base/index.js';

type Request = Extract<SluiceEvent, { type: 'server.request' }>;

/** A request of a server as people read it: `12:00:00 10.0.0.7 200 GET /api/models/a/b HIT 1.2 KiB 3ms`. */
export function requestLine(request: Request, at: Date): string {
  const { client, who, status, method, path, cache, bytes, ms, cut } = request;
  const parts = [
    at.toISOString().slice(11, 19),
    who === null ? client : `${printable(who)}@${client}`,
    String(status),
    method,
    printable(path),
    ...(cache === null ? [] : [cache]),
    formatBytes(bytes),
    formatDuration(ms),
    ...(cut === null ? [] : [`cut: ${cut}`]),
  ];
  return parts.join(' ');
}
