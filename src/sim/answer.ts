import type { IncomingHttpHeaders } from 'node:http';
import { toContent, type Content, type ContentLike } from './content.js';
import type { XorbBody } from './xet/spoil-xorb.js';

/** What a request was for, as the simulator understood it; faults are aimed by it. */
export type RouteKind =
  | 'info'
  | 'tree'
  | 'paths-info'
  | 'refs'
  | 'commits'
  | 'resolve'
  | 'raw'
  | 'whoami'
  | 'auth-check'
  | 'search'
  | 'cdn'
  | 'xet-token'
  | 'xet-reconstruction'
  | 'xet-other'
  | 'xorb'
  | 'ms-info'
  | 'ms-revisions'
  | 'ms-files'
  | 'ms-download'
  | 'ms-login'
  | 'ms-other'
  | 'plain'
  | 'checksums'
  | 'other';

/** The hub, the host that signed URLs lead to, and the Xet storage service. */
export type SimHost = 'hub' | 'cdn' | 'cas';

export interface SimRequest {
  readonly method: string;
  /** Path as sent, percent-encoding untouched, without the configured prefix. */
  readonly rawPath: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly host: SimHost;
  /** The address clients know this listener by, without trailing slash. */
  readonly baseUrl: string;
}

export type AnswerHeaders = Readonly<Record<string, string>>;

/** An answer before the network and the faults have had their way with it. */
export interface Answer {
  readonly kind: RouteKind;
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body?: Content;
  /** Honours Range, If-Range and If-None-Match. */
  readonly isFile?: boolean;
  /** The file's path inside its repository or folder. */
  readonly path?: string;
  /** The xorb that the body is of. */
  readonly xorb?: XorbBody;
}

export function jsonAnswer(kind: RouteKind, value: unknown, status = 200, headers: AnswerHeaders = {}): Answer {
  return {
    kind,
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: toContent(JSON.stringify(value)),
  };
}

export function textAnswer(kind: RouteKind, status: number, text: ContentLike, headers: AnswerHeaders = {}): Answer {
  return { kind, status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body: toContent(text) };
}

/** Reads the many ways in which clients spell a boolean. */
export function isTrue(value: string | null): boolean {
  return value !== null && ['true', 'True', '1'].includes(value);
}

/** Percent-decodes, or gives the text back when it is malformed. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
