import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChallenge } from './challenge.js';

test('reads what registries send', () => {
  const docker =
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/ubuntu:pull"';
  expect(parseChallenge(docker)).toEqual({
    scheme: 'bearer',
    realm: 'https://auth.docker.io/token',
    service: 'registry.docker.io',
    scope: 'repository:library/ubuntu:pull',
  });
  expect(parseChallenge('Basic realm="a \\"quoted\\" name"')).toEqual({ scheme: 'basic', realm: 'a "quoted" name' });
  expect(parseChallenge('bearer realm=plain, service = x')).toEqual({ scheme: 'bearer', realm: 'plain', service: 'x' });
  expect(parseChallenge('Negotiate abc')).toBeUndefined();
  expect(parseChallenge('Bearer service="no realm"')).toBeUndefined();
  expect(parseChallenge(undefined)).toBeUndefined();
});

test('keeps the first of two values, as a proxy may have added one', () => {
  expect(parseChallenge('Bearer realm="a",realm="b"')).toEqual({ scheme: 'bearer', realm: 'a' });
});

test('never throws, and takes no longer for longer texts', () => {
  fc.assert(fc.property(fc.string({ maxLength: 6000 }), (text) => void parseChallenge(`Bearer ${text}`)));
  expect(parseChallenge(`Bearer realm="${'\\'.repeat(4000)}`)).toBeUndefined();
});
