import { SluiceError } from '../base/index.js';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ECONNABORTED: 'connection aborted',
  EPIPE: 'connection closed',
  ETIMEDOUT: 'timed out',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network is unreachable',
  EADDRNOTAVAIL: 'no local address',
  ENETDOWN: 'the network is down',
  EMFILE: 'too many open files',
  ENOTFOUND: 'no such name',
  EAI_AGAIN: 'the name servers do not answer',
};

/** The code of a system, TLS or parser error; of the first attempt when several addresses were tried. */
export function faultCode(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return faultCode(thrown.errors[0]);
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}

/** What went wrong, in words. */
export function faultReason(thrown: unknown): string {
  const code = faultCode(thrown);
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  if (known !== undefined) return known;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message === '' ? code : message;
}

/** The error of dialling `host` (`name` or `name:port`). */
export function dialFault(thrown: unknown, host: string): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const code = faultCode(thrown);
  const isName = code === 'ENOTFOUND' || code.startsWith('EAI_');
  return new SluiceError(isName ? 'DNS' : 'CONNECT', { host, reason: faultReason(thrown) }, { cause: thrown });
}

/** The error of a TLS handshake with `host`. A connection that breaks in it says nothing about certificates. */
export function tlsFault(thrown: unknown, host: string): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const code = faultCode(thrown);
  const broke = code in REASONS && code !== 'EPIPE';
  return new SluiceError(broke ? 'CONNECT' : 'TLS', { host, reason: tlsReason(thrown, code) }, { cause: thrown });
}

function tlsReason(thrown: unknown, code: string): string {
  if (code === 'ECONNRESET') return 'the connection broke in the TLS handshake';
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'EPROTO') return 'the other side does not speak TLS here';
  const reason = faultReason(thrown);
  return code === '' || reason.includes(code) ? reason : `${reason} (${code})`;
}

/** The error of an exchange on an open connection to `host`; `inBody` when the head of its answer had come. */
export function exchangeFault(thrown: unknown, host: string, inBody: boolean): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const code = faultCode(thrown);
  const options = { cause: thrown };
  // So undici reports a head that contradicts itself (two lengths, a length and chunks).
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' && !inBody)
    return new SluiceError('BAD_RESPONSE', { host, reason: 'its headers contradict each other or break off' }, options);
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || (isParserFault(thrown) && parserReason(thrown).includes('EOF')))
    return new SluiceError('RESET', { host, reason: 'the answer ended early' }, options);
  if (code === 'UND_ERR_HEADERS_OVERFLOW')
    return new SluiceError('BAD_RESPONSE', { host, reason: 'its headers are too long' }, options);
  if (isParserFault(thrown)) return new SluiceError('BAD_RESPONSE', { host, reason: parserReason(thrown) }, options);
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') return new SluiceError('INTERRUPTED', {}, options);
  if (code === 'UND_ERR_SOCKET') return socketFault(thrown, host);
  return new SluiceError('RESET', { host, reason: faultReason(thrown) }, options);
}

function socketFault(thrown: unknown, host: string): SluiceError {
  const message = thrown instanceof Error ? thrown.message : '';
  if (message.startsWith('bad '))
    return new SluiceError('BAD_RESPONSE', { host, reason: 'an answer that was not asked for' }, { cause: thrown });
  const reason = message === 'other side closed' ? 'it closed the connection' : message;
  return new SluiceError('RESET', { host, reason }, { cause: thrown });
}

/** The parser's errors are known by their name: not all of them have a code. */
function isParserFault(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'HTTPParserError';
}

function parserReason(thrown: unknown): string {
  const detail = thrown instanceof Error ? /\(([^()]*)\)\s*$/.exec(thrown.message)?.[1] : undefined;
  return detail ? `not HTTP (${detail})` : 'not HTTP';
}
