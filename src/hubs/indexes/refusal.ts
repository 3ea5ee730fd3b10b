import type { SluiceError } from '../../base/index.js';
import type { ResponseHead } from '../../net/index.js';
import { awayRefusal, statusRefusal } from '../refusal.js';

/** The error of an answer that is not a success, from a place of pages and files. */
export function siteRefusal(url: string, head: ResponseHead, body: string): SluiceError {
  const { origin, pathname } = new URL(url);
  const asked = { origin, path: pathname, withToken: false };
  return awayRefusal(head, body, asked) ?? statusRefusal(head, body, asked);
}
