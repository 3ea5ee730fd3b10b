import { expect, test } from 'vitest';
import { formatRef, parseRef } from '../../hubs/index.js';
import { contextOf } from '../testing/context-of.js';
import type { PullSettings } from '../port.js';
import { placesFor } from './places.js';

const BOTH = { hfEndpoints: ['https://huggingface.co'], msEndpoints: ['https://modelscope.cn'] };

/** Each place in a few words. */
function placesOf(ref: string, settings: Partial<PullSettings> = {}, sources: readonly string[] = []): string[] {
  const context = contextOf('/nowhere', { ...BOTH, ...settings });
  return placesFor(parseRef(ref), context.settings, sources).map((place) =>
    place.kind === 'folder'
      ? `${place.basis} ${place.url}`
      : [place.basis, formatRef(place.ref), ...(place.endpoints ?? [])].join(' '),
  );
}

test.each([
  ['hf:acme/tiny@v1', ['same-name ms:acme/tiny']],
  ['hf:datasets/acme/tiny', ['same-name ms:datasets/acme/tiny']],
  ['ms:acme/tiny', ['same-name hf:acme/tiny']],
  ['hf:gpt2', []],
  ['hf:spaces/acme/show', []],
  ['https://host/file.bin', []],
])('%s may also be at %j', (ref, places) => {
  expect(placesOf(ref)).toEqual(places);
});

test('nothing is looked for where there is no such hub, or when it is switched off', () => {
  expect(placesOf('hf:acme/tiny', { msEndpoints: [] })).toEqual([]);
  expect(placesOf('hf:acme/tiny', { alsoHubs: 'off' })).toEqual([]);
});

test('what was named for this pull counts in any case', () => {
  const sources = ['ms:other/name', 'https://host/folder/', 'ms+https://ms.example', 'https://mirror.example'];
  const named = ['source ms:other/name', 'source https://host/folder/', 'source ms:acme/tiny https://ms.example'];
  expect(placesOf('hf:acme/tiny', { alsoHubs: 'off' }, sources)).toEqual(named);
  expect(placesOf('hf:acme/tiny', {}, sources)).toEqual([...named, 'same-name ms:acme/tiny']);
  expect(placesOf('hf:acme/tiny', {}, ['ms:acme/tiny'])).toEqual(['source ms:acme/tiny']);
});

test('other names come from the settings, and replace the same one', () => {
  const map = (from: string, to: string): Partial<PullSettings> => ({ hubMap: [{ from, to }] });
  expect(placesOf('hf:acme/tiny', map('hf:acme/tiny', 'ms:x/y'))).toEqual(['map ms:x/y']);
  expect(placesOf('hf:acme/tiny', map('hf:acme/*', 'ms:x/*'))).toEqual(['map ms:x/tiny']);
  expect(placesOf('hf:acme/tiny-8b', map('hf:acme/tiny-*', 'ms:x/small-*'))).toEqual(['map ms:x/small-8b']);
  expect(placesOf('hf:acme/tiny', map('hf:acme/*', 'https://host/*/'))).toEqual([
    'map https://host/tiny/',
    'same-name ms:acme/tiny',
  ]);
  for (const from of ['hf:acme/tin', 'hf:acme', 'ms:acme/*', 'hf:*', 'hf:acme/tiny*', 'hf:datasets/acme/*'])
    expect(placesOf('hf:acme/tiny', map(from, 'ms:x/y')), from).toEqual(['same-name ms:acme/tiny']);
  expect(() => placesOf('hf:acme/tiny', map('hf:acme/tiny', 'ms:nothing'))).toThrow(
    expect.objectContaining({ code: 'BAD_SETTING' }),
  );
});
