import type { FaceRequest } from './face.js';

type Method = FaceRequest['method'];

/** One thing that is answered. What a face dispatches by is made of these, so that its list of them leaves nothing out. */
export interface Route {
  /** Its address as a template, e.g. `/v2/{name}/tags/list`; what may stand for a name in braces is the face's to say. No two routes have the same. */
  readonly path: string;
  /** By which it gives anything. Other methods are refused before anybody behind the face is asked. */
  readonly methods: readonly Method[];
}

export const READING: readonly Method[] = ['GET', 'HEAD'];
/** Of what is the same however it is asked for. */
export const ANY_METHOD: readonly Method[] = ['GET', 'HEAD', 'POST'];

/** Whether a route gives anything by the method of a request. */
export function isBy({ methods }: Route, { method }: Pick<FaceRequest, 'method'>): boolean {
  return methods.includes(method);
}
