import { jsonObject } from '../files/json-object.js';
import { ownIdentity, type ProcessIdentity } from './process-identity.js';

/** What a lease file says about its holder. */
export interface LeaseRecord extends ProcessIdentity {
  readonly token: string;
  readonly startedAt: string;
}

export function newRecord(token: string): LeaseRecord {
  return { ...ownIdentity(), token, startedAt: new Date().toISOString() };
}

export function formatRecord(record: LeaseRecord): string {
  return `${JSON.stringify({ version: 1, ...record })}\n`;
}

/** Undefined for anything else, e.g. a lease whose holder is just writing it, or that was cut short. Never throws. */
export function parseRecord(text: string): LeaseRecord | undefined {
  const object = jsonObject(text);
  if (object === undefined) return undefined;
  const fields = new Map<string, unknown>(Object.entries(object));
  const stringAt = (name: string): string | undefined => {
    const field = fields.get(name);
    return typeof field === 'string' && field.length <= 300 ? field : undefined;
  };
  const pid = fields.get('pid');
  const host = stringAt('host');
  const token = stringAt('token');
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (fields.get('version') !== 1 || host === undefined || token === undefined) return undefined;
  const bootId = stringAt('bootId');
  const pidSpace = stringAt('pidSpace');
  const processStart = stringAt('processStart');
  return {
    pid,
    host,
    token,
    startedAt: stringAt('startedAt') ?? '',
    ...(bootId === undefined ? {} : { bootId }),
    ...(pidSpace === undefined ? {} : { pidSpace }),
    ...(processStart === undefined ? {} : { processStart }),
  };
}

/** For people. */
export function describeHolder(record: LeaseRecord | undefined): string {
  if (record === undefined) return 'an unknown process';
  const here = record.host === ownIdentity().host;
  return here ? `process ${record.pid}` : `process ${record.pid} on ${record.host}`;
}
