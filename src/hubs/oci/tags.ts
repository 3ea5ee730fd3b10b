import { asArray, asObject, asString, field } from '../fields.js';
import { isTag } from './names.js';

/** The tags in an answer of `GET /v2/{name}/tags/list`; undefined when it is none. Registries answer null for a repository without tags. */
export function parseTags(value: unknown): readonly string[] | undefined {
  const list = field(asObject(value), 'tags');
  if (list === null) return [];
  const tags = asArray(list)?.map((tag) => asString(tag) ?? '');
  return tags?.every(isTag) === true ? tags : undefined;
}
