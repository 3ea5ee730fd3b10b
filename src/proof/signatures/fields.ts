import { JsonFault, parseStrictJson, type StrictJson } from '../../base/index.js';
import { broken } from '../signature-fault.js';

export type JsonObject = ReadonlyMap<string, StrictJson>;

/** JSON that all readers take alike, and that is an object. @throws SignatureFault proof */
export function parseObject(bytes: Uint8Array, what: string): JsonObject {
  try {
    return asObject(parseStrictJson(bytes), what);
  } catch (thrown) {
    if (thrown instanceof JsonFault) throw broken(`${what}: ${thrown.message}`);
    throw thrown;
  }
}

export function asObject(value: StrictJson | undefined, what: string): JsonObject {
  if (!(value instanceof Map)) throw broken(`${what} is not an object`);
  return value as JsonObject;
}

export function asList(value: StrictJson | undefined, what: string): readonly StrictJson[] {
  if (!Array.isArray(value)) throw broken(`${what} is not a list`);
  return value as readonly StrictJson[];
}

export function asText(value: StrictJson | undefined, what: string): string {
  if (typeof value !== 'string') throw broken(`${what} is not text`);
  return value;
}

/** A field that is an object; what it is called is its path. */
export const objectIn = (object: JsonObject, name: string): JsonObject => asObject(object.get(name), name);
export const listIn = (object: JsonObject, name: string): readonly StrictJson[] => asList(object.get(name), name);
export const textIn = (object: JsonObject, name: string): string => asText(object.get(name), name);

/** Absent, null and missing are the same to those who write protobuf as JSON. */
export function has(object: JsonObject, name: string): boolean {
  const value = object.get(name);
  return value !== undefined && value !== null;
}
