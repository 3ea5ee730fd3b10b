/**
 * When a signed URL ends, Unix milliseconds, as its query tells: S3 and compatible (`X-Amz-Date` + `X-Amz-Expires`), Google (`X-Goog-…`), OSS version 4
 * (`x-oss-…`), CloudFront, OSS and old S3 (`Expires`, Unix seconds), CloudFront custom policies (`Policy`), Azure (`se`). Undefined when it does not tell.
 */
export function expiresAtMs(url: string): number | undefined {
  let query: URLSearchParams;
  try {
    query = new URL(url).searchParams;
  } catch {
    return undefined;
  }
  const fields = new Map([...query].map(([name, value]) => [name.toLowerCase(), value]));
  const ends: number[] = [];
  for (const prefix of ['x-amz-', 'x-goog-', 'x-oss-']) {
    const startMs = basicIsoMs(fields.get(`${prefix}date`));
    const lifeS = wholeNumber(fields.get(`${prefix}expires`));
    if (startMs !== undefined && lifeS !== undefined) ends.push(startMs + lifeS * 1000);
  }
  const unixS = wholeNumber(fields.get('expires'));
  if (unixS !== undefined && unixS > 1e9) ends.push(unixS * 1000);
  const policyS = policyEnd(fields.get('policy'));
  if (policyS !== undefined) ends.push(policyS * 1000);
  if (fields.has('sig')) ends.push(Date.parse(fields.get('se') ?? ''));
  const known = ends.filter((end) => Number.isFinite(end));
  return known.length === 0 ? undefined : Math.min(...known);
}

/** `20261121T130000Z` */
function basicIsoMs(value: string | undefined): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(value ?? '');
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

function wholeNumber(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,12}$/.test(value) ? Number(value) : undefined;
}

/** CloudFront writes base64 with `-_~` for `+=/`. */
function policyEnd(value: string | undefined): number | undefined {
  if (value === undefined || value.length > 8192) return undefined;
  const json = Buffer.from(value.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/'), 'base64').toString();
  return wholeNumber(/"AWS:EpochTime"\s*:\s*(\d{1,12})/.exec(json)?.[1]);
}
