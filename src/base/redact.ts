const MARK = '***';

/** Query parameters that carry a signature or a credential (S3, CloudFront, GCS, Azure, Aliyun OSS, Xet). */
const SECRET_PARAMETERS = new Set(
  'signature,x-amz-signature,x-amz-credential,x-amz-security-token,policy,key-pair-id,x-goog-signature,x-goog-credential,sig,token,access_token,auth_key,ossaccesskeyid,security-token,x-xet-signed-range,password,secret'.split(
    ',',
  ),
);

/**
 * Text without its secrets: user info and signed parameters of URLs, bearer values, Hugging Face and Sluice tokens.
 * Scans by hand: the text may come from a hostile server, so no pattern here may backtrack.
 */
export function redact(text: string): string {
  return redactTokens(redactUrls(text));
}

/** A URL without user info and with the values of signed query parameters replaced. */
function redactUrls(text: string): string {
  let out = '';
  let from = 0;
  for (;;) {
    const at = text.indexOf('://', from);
    if (at < 0) return out + text.slice(from);
    let end = at + 3;
    while (end < text.length && !isUrlEnd(text.charCodeAt(end))) end += 1;
    out += text.slice(from, at + 3) + redactUrlRest(text.slice(at + 3, end));
    from = end;
  }
}

/** What follows `scheme://`. */
function redactUrlRest(rest: string): string {
  const slash = firstOf(rest, '/?#');
  let authority = rest.slice(0, slash);
  const tail = rest.slice(slash);
  const userInfoEnd = authority.lastIndexOf('@');
  if (userInfoEnd >= 0) authority = `${MARK}@${authority.slice(userInfoEnd + 1)}`;
  const query = tail.indexOf('?');
  if (query < 0) return authority + tail;
  const parameters = tail
    .slice(query + 1)
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals > 0 && SECRET_PARAMETERS.has(pair.slice(0, equals).toLowerCase())
        ? `${pair.slice(0, equals)}=${MARK}`
        : pair;
    });
  return `${authority}${tail.slice(0, query)}?${parameters.join('&')}`;
}

const SHORTEST_SECRET = 8;
const TOKEN_STARTS = ['hf_', 'slu_', 'Bearer ', 'bearer ', 'Basic ', 'basic ', 'm_session_id='];

function redactTokens(text: string): string {
  let out = '';
  let from = 0;
  let at = 0;
  while (at < text.length) {
    const start = TOKEN_STARTS.find((candidate) => text.startsWith(candidate, at));
    if (start === undefined) {
      at += 1;
      continue;
    }
    let end = at + start.length;
    while (end < text.length && isTokenCharacter(text.charCodeAt(end))) end += 1;
    // Short runs are words ("hf_hub"), not tokens.
    if (end - at - start.length >= SHORTEST_SECRET) {
      out += text.slice(from, at + start.length) + MARK;
      from = end;
    }
    at = Math.max(end, at + 1);
  }
  return out + text.slice(from);
}

function firstOf(text: string, characters: string): number {
  for (let index = 0; index < text.length; index += 1) if (characters.includes(text.charAt(index))) return index;
  return text.length;
}

function isUrlEnd(code: number): boolean {
  return code <= 0x20 || code === 0x22 || code === 0x27 || code === 0x3c || code === 0x3e || code === 0x60;
}

function isTokenCharacter(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x2b ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x2f ||
    code === 0x3d ||
    code === 0x5f ||
    code === 0x7e
  );
}
