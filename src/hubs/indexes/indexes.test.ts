import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linkTo, parseLink } from './file-link.js';
import { findTarball, packageOf, rewritePackument } from './npm.js';
import { parseSite } from './parse-site.js';
import { rewriteSimpleHtml, rewriteSimpleJson } from './pypi.js';

const site = parseSite('py=pypi:https://index.example/root,files.example');
const context = {
  site,
  pageUrl: 'https://index.example/root/simple/tiny/',
  ownUrl: 'http://mirror.internal/-/py',
};
const SHA256 = 'a'.repeat(64);

describe('a link of an index', () => {
  test('carries what proves the file, and is read again', () => {
    const file = { url: 'https://files.example/x/tiny-1.whl', digests: { sha256: SHA256 }, sizeBytes: 7 };
    const link = linkTo(site, file);
    expect(link).toBe(`files/sha256-${SHA256}-7/files.example/x/tiny-1.whl`);
    expect(parseLink(site, link?.slice(6) ?? '', '')).toEqual(file);
  });

  test('is believed as it was signed alone: any other tells where a file is, and not what', () => {
    const signing = { ...site, linkKey: Buffer.from('key') };
    const url = 'https://files.example/x/tiny-1.whl';
    const file = { url, digests: { sha256: SHA256 }, sizeBytes: 7 };
    const link = linkTo(signing, { ...file, url: `${url}#sha256=${SHA256}` })?.slice(6) ?? '';
    expect(link).toMatch(new RegExp(`^sha256-${SHA256}-7~[0-9a-f]{32}/files.example/x/tiny-1.whl$`));
    expect(parseLink(signing, link, '')).toEqual(file);
    const unsigned = link.replace(/~[0-9a-f]+/, '');
    const others = [
      link.replace('sha256-a', 'sha256-b'),
      link.replace('-7~', '-8~'),
      link.replace(/~./, '~'),
      unsigned,
    ];
    for (const other of others) expect(parseLink(signing, other, '')?.digests ?? {}).toEqual({});
    for (const key of [
      { ...signing, name: 'other' },
      { ...signing, linkKey: Buffer.from('other') },
    ])
      expect(parseLink(key, link, '')).toEqual({ url, digests: {} });
    expect(parseLink(signing, `${link}.metadata`, '')).toEqual({ url: `${url}.metadata`, digests: {} });
    expect(linkTo(signing, { url, digests: {} })).toBe('files/any/files.example/x/tiny-1.whl');
  });

  test('leads nowhere but to the hosts of its site', () => {
    for (const url of [
      'https://169.254.169.254/latest/meta-data',
      'http://files.example/plain',
      'https://user:pass@files.example/x',
      'file:///etc/passwd',
      'https://files.example.evil.test/x',
    ])
      expect(linkTo(site, { url, digests: {} })).toBeUndefined();
    for (const rest of ['any/localhost/x', 'any/files.example@evil.test/x', 'any/files.example:81/x', 'any//x', 'x'])
      expect(parseLink(site, rest, '')).toBeUndefined();
    expect(parseLink(site, `sha256-${'a'.repeat(63)}/files.example/x`, '')).toBeUndefined();
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (rest, search) => {
        const found = parseLink(site, rest, search);
        if (found !== undefined) expect(['index.example', 'files.example']).toContain(new URL(found.url).host);
      }),
    );
  });
});

describe('a page of the simple index', () => {
  test('in HTML leads to us, relative links, other projects and digests included', () => {
    const html = [
      `<a href="https://files.example/p/tiny-1.0.whl#sha256=${SHA256}" data-requires-python="&gt;=3.8">tiny-1.0.whl</a>`,
      `<a class='x' href='../../packages/tiny-2.tar.gz?a=1&amp;b=2'>tiny-2</a>`,
      '<a href="/root/simple/other/">other</a>',
      '<a href="https://evil.test/x.whl">x</a>',
    ].join('\n');
    expect(rewriteSimpleHtml(html, context).split('\n')).toEqual([
      `<a href="${context.ownUrl}/files/sha256-${SHA256}/files.example/p/tiny-1.0.whl#sha256=${SHA256}" data-requires-python="&gt;=3.8">tiny-1.0.whl</a>`,
      `<a class='x' href="${context.ownUrl}/files/any/index.example/root/packages/tiny-2.tar.gz?a=1&#38;b=2">tiny-2</a>`,
      `<a href="${context.ownUrl}/simple/other/">other</a>`,
      '<a href="#">x</a>',
    ]);
  });

  test('in JSON leads to us, and what may not be followed is left out', () => {
    const page = {
      meta: { 'api-version': '1.1' },
      files: [
        { filename: 'tiny-1.0.whl', url: 'https://files.example/p/tiny-1.0.whl', hashes: { sha256: SHA256 }, size: 5 },
        { filename: 'x', url: 'https://evil.test/x.whl', hashes: {} },
      ],
    };
    expect(JSON.parse(rewriteSimpleJson(JSON.stringify(page), context) ?? '')).toEqual({
      meta: page.meta,
      files: [{ ...page.files[0], url: `${context.ownUrl}/files/sha256-${SHA256}-5/files.example/p/tiny-1.0.whl` }],
    });
    expect(rewriteSimpleJson('{', context)).toBeUndefined();
  });

  test('names no host but ours, whatever it holds', () => {
    const attribute = fc.tuple(fc.constantFrom('"', "'", ''), fc.string({ maxLength: 80 }));
    fc.assert(
      fc.property(fc.array(attribute, { maxLength: 5 }), (links) => {
        const html = links.map(([quote, target]) => `<a href=${quote}https://evil.test/${target}${quote}>`).join('');
        const targets = [...rewriteSimpleHtml(html, context).matchAll(/href="([^"]*)"/g)].map(([, to]) => to);
        expect(targets.filter((to) => to?.startsWith('https://evil.test'))).toEqual([]);
      }),
    );
  });
});

describe('a package document of npm', () => {
  const npm = parseSite('js=npm:https://registry.example');
  const ownUrl = 'http://mirror.internal/-/js';
  const sha512 = Buffer.alloc(64, 7);
  const packument = JSON.stringify({
    name: '@acme/tiny',
    versions: {
      '1.0.0': {
        dist: {
          tarball: 'https://registry.example/@acme/tiny/-/tiny-1.0.0.tgz',
          integrity: `sha512-${sha512.toString('base64')}`,
          shasum: 'b'.repeat(40),
        },
      },
    },
  });

  test('has its tarballs under the same paths here, and tells their digests', () => {
    const rewritten = rewritePackument(packument, npm, ownUrl) ?? '';
    expect(rewritten).toContain(`"tarball":"${ownUrl}/@acme/tiny/-/tiny-1.0.0.tgz"`);
    expect(rewritten).not.toContain('registry.example');
    expect(packageOf('/@acme/tiny/-/tiny-1.0.0.tgz')).toBe('/@acme/tiny');
    expect(packageOf('/tiny')).toBeUndefined();
    expect(findTarball(packument, npm, '/@acme/tiny/-/tiny-1.0.0.tgz')).toEqual({
      url: 'https://registry.example/@acme/tiny/-/tiny-1.0.0.tgz',
      digests: { sha512: sha512.toString('hex'), sha1: 'b'.repeat(40) },
    });
    expect(findTarball(packument, npm, '/@acme/tiny/-/tiny-2.0.0.tgz')).toBeUndefined();
  });
});

describe('a site', () => {
  test('is refused when it makes no sense', () => {
    for (const text of ['x', 'a=b', 'a=pypi:', 'metrics=files:http://x', 'a=gopher:http://x', 'a=pypi:ftp://x'])
      expect(() => parseSite(text)).toThrow();
  });
});
