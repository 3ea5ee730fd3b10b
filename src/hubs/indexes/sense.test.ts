import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isImageManifest } from '../oci/sense.js';
import type { SiteKind } from './port.js';
import { makesSense } from './sense.js';

const LOGIN = '<!DOCTYPE html><title>Sign in</title><a href="/help/">Help</a><form action="/login"></form>';
const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json';
const says = (kind: SiteKind, path: string, contentType: string, text: string): boolean =>
  makesSense({ kind, path, contentType, body: Buffer.from(text) });

describe('a page of an index', () => {
  test.each<readonly [SiteKind, string, string, string]>([
    ['pypi', '/simple/a/', HTML, '<a href="../../packages/a-1.0-py3-none-any.whl">a</a>'],
    ['pypi', '/simple/a/', HTML, "<A class=x\nHREF='https://files.example/a?x=1#sha256=00'>a</A>"],
    ['pypi', '/simple/a/', HTML, '<a href="https://files.example/a-1.0.tar.gz">a</a>'],
    ['pypi', '/simple/a/', HTML, '<title>Links for a</title><h1>Links for a</h1>'],
    ['pypi', '/simple/a/', HTML, '<meta name="pypi:repository-version" content="1.1">'],
    ['pypi', '/simple/', HTML, '<a href="/simple/a/">a</a>'],
    ['pypi', '/simple/a/', 'application/vnd.pypi.simple.v1+json', '{"files":[]}'],
    ['npm', '/a', JSON_TYPE, '{"name":"a","versions":{}}'],
    ['npm', '/@b%2fa', JSON_TYPE, '{"name":"@b/a"}'],
    ['npm', '/-/ping', JSON_TYPE, '{}'],
    ['debian', '/dists/stable/InRelease', 'text/plain', '-----BEGIN PGP SIGNED MESSAGE-----\n'],
    ['debian', '/dists/stable/Release.gpg', 'text/plain', '\u0089\u0002'],
    ['files', '/anything', HTML, LOGIN],
  ])('of %s at %s is taken for one', (kind, path, type, text) => {
    expect(says(kind, path, type, text)).toBe(true);
  });

  test.each<readonly [SiteKind, string, string, string]>([
    ['pypi', '/simple/a/', HTML, LOGIN],
    ['pypi', '/simple/a/', HTML, ''],
    ['pypi', '/simple/a/', JSON_TYPE, '{}'],
    ['pypi', '/simple/a/', JSON_TYPE, '{"files":[{}]}'],
    ['npm', '/a', HTML, LOGIN],
    ['npm', '/a', JSON_TYPE, '{}'],
    ['npm', '/a', JSON_TYPE, '{"name":"a","versions":[]}'],
    ['npm', '/-/ping', HTML, LOGIN],
    ['debian', '/dists/stable/InRelease', HTML, LOGIN],
    ['debian', '/dists/stable/InRelease', JSON_TYPE, '{"error":"no"}'],
    ['debian', '/dists/stable/InRelease', 'text/plain', ''],
  ])('of %s at %s is not one when it is for people, or says nothing', (kind, path, type, text) => {
    expect(says(kind, path, type, text)).toBe(false);
  });

  test('of any bytes is judged without a throw', () => {
    const kind = fc.constantFrom<SiteKind>('pypi', 'npm', 'debian', 'files');
    const type = fc.constantFrom(HTML, JSON_TYPE, '');
    fc.assert(
      fc.property(kind, fc.string(), type, fc.oneof(fc.string(), fc.json()), (...came) => {
        expect(typeof says(...came)).toBe('boolean');
      }),
      { numRuns: 200 },
    );
  });
});

describe('a manifest of an image', () => {
  test.each(['{"schemaVersion":2,"layers":[]}', '{"schemaVersion":1}', '{"mediaType":"application/vnd.oci.artifact.manifest.v1+json"}'])('%s is one', (text) => expect(isImageManifest(Buffer.from(text))).toBe(true)); // prettier-ignore
  test.each(['{}', '[]', 'null', '', LOGIN, '{"schemaVersion":"2"}', '{"mediaType":"text/html"}'])('%s is none', (text) => expect(isImageManifest(Buffer.from(text))).toBe(false)); // prettier-ignore
  test('of any bytes is judged without a throw', () => {
    fc.assert(fc.property(fc.uint8Array(), fc.json(), (bytes, text) => [bytes, Buffer.from(text)].every((each) => typeof isImageManifest(Buffer.from(each)) === 'boolean')), { numRuns: 200 }); // prettier-ignore
  });
});
