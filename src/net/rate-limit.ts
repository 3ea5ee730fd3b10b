import type { Headers } from './port.js';

/** What a server says about how often it may be asked. */
export interface RateLimit {
  /** Requests left in the window. */
  readonly remaining: number;
  /** Until the window opens again. */
  readonly resetMs: number;
}

const MAX_ITEMS = 32;
/** Above this a reset is a Unix time and not a duration. */
const EPOCH_SECONDS = 1_000_000_000;

/**
 * The tightest limit that the headers name: `RateLimit: "api";r=0;t=55` (draft-ietf-httpapi-ratelimit-headers, a list of structured
 * items), with the window of `RateLimit-Policy` (`"api";q=500;w=300`) where `t` is missing; the older `RateLimit: limit=…, remaining=…,
 * reset=…`, `RateLimit-Remaining`/`RateLimit-Reset` and `X-RateLimit-*` too. Undefined when there is none.
 */
export function parseRateLimit(headers: Headers, nowMs: number): RateLimit | undefined {
  const policies = parseItems(headers['ratelimit-policy']);
  const limits = parseItems(headers.ratelimit).flatMap((item) => structured(item, policies));
  const all = [...limits, ...olderField(headers.ratelimit), ...separateFields(headers, nowMs)];
  return all.reduce<RateLimit | undefined>((tightest, limit) => {
    if (tightest === undefined || limit.remaining < tightest.remaining) return limit;
    return limit.remaining === tightest.remaining && limit.resetMs > tightest.resetMs ? limit : tightest;
  }, undefined);
}

interface Item {
  readonly names: readonly string[];
  readonly parameters: ReadonlyMap<string, number>;
}

/** Items of `"name";key=1;key=2, …`; an item may have several quoted parts (`"fixed window";"api";q=500`). */
function parseItems(value: string | undefined): Item[] {
  if (value === undefined) return [];
  return splitOutsideQuotes(value, ',')
    .slice(0, MAX_ITEMS)
    .flatMap((text) => {
      const parts = splitOutsideQuotes(text, ';').map((part) => part.trim());
      const names = parts.filter((part) => /^"[^"]*"$/.test(part)).map((part) => part.slice(1, -1));
      const parameters = new Map(parts.flatMap(parameter));
      return names.length === 0 ? [] : [{ names, parameters }];
    });
}

function parameter(part: string): [string, number][] {
  const match = /^([a-z][a-z0-9_*.-]*)=(\d{1,12})$/.exec(part);
  return match === null ? [] : [[match[1] ?? '', Number(match[2])]];
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let quoted = false;
  let from = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '\\' && quoted) index += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      parts.push(text.slice(from, index));
      from = index + 1;
    }
  }
  return [...parts, text.slice(from)];
}

function structured(item: Item, policies: readonly Item[]): RateLimit[] {
  const remaining = item.parameters.get('r');
  if (remaining === undefined) return [];
  const policy = policies.find((candidate) => candidate.names.some((name) => item.names.includes(name)));
  const seconds = item.parameters.get('t') ?? policy?.parameters.get('w') ?? 0;
  return [{ remaining, resetMs: seconds * 1000 }];
}

/** `limit=100, remaining=50, reset=50`: the field of drafts 06 and 07. */
function olderField(value: string | undefined): RateLimit[] {
  if (value === undefined || value.includes('"')) return [];
  const fields = new Map(
    value
      .split(/[,;]/)
      .slice(0, MAX_ITEMS)
      .flatMap((part) => parameter(part.trim())),
  );
  const remaining = fields.get('remaining');
  const reset = fields.get('reset');
  return remaining === undefined || reset === undefined ? [] : [{ remaining, resetMs: reset * 1000 }];
}

function separateFields(headers: Headers, nowMs: number): RateLimit[] {
  return ['ratelimit', 'x-ratelimit', 'x-rate-limit'].flatMap((prefix) => {
    const remaining = number(headers[`${prefix}-remaining`]);
    const reset = number(headers[`${prefix}-reset`]);
    if (remaining === undefined || reset === undefined) return [];
    return [{ remaining, resetMs: Math.max(0, reset > EPOCH_SECONDS ? reset * 1000 - nowMs : reset * 1000) }];
  });
}

function number(value: string | undefined): number | undefined {
  const match = /^\s*(\d{1,12})/.exec(value ?? '');
  return match === null ? undefined : Number(match[1]);
}
