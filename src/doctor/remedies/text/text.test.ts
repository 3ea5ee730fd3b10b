import fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { setFirstHost } from './edit-hosts.js';
import { setInJson } from './edit-json.js';
import { setBlock, setInSettings } from './edit-settings.js';

const pip = {
  name: 'pip',
  section: 'global',
  isKey: (name: string) => name.replaceAll('_', '-') === 'index-url',
  line: 'index-url = https://m/simple',
  hasContinuations: true,
};
const npm = {
  name: 'npm',
  isKey: (name: string) => name === 'registry',
  line: 'registry=https://m/',
  hasContinuations: false,
};
const block = (name: string, line: string): string =>
  `# >>> sluice doctor --remedy ${name} >>>\n${line}\n# <<< sluice doctor --remedy ${name} <<<\n`;
const pipBlock = block('pip', pip.line);
const ini = (text: string): string => setInSettings(Buffer.from(text), '/f', pip).toString();
const json = (text: string, value: unknown = ['m']): string =>
  setInJson(Buffer.from(text), '/f', 'k', () => value).toString();

describe('a file of settings in sections', () => {
  it.each([
    ['', `[global]\n${pipBlock}`],
    ['[install]\nx = 1', `[install]\nx = 1\n\n[global]\n${pipBlock}`],
    ['[global]\ntimeout = 9\n', `[global]\n${pipBlock}timeout = 9\n`],
    [
      '[global]\na=1\nindex_url: x\n  y\nb=2\n[install]\nindex-url=z\n',
      `[global]\na=1\n${pipBlock}b=2\n[install]\nindex-url=z\n`,
    ],
    ['# c\n[global]\n; index-url = old\n', `# c\n[global]\n${pipBlock}; index-url = old\n`],
  ])('%j has the setting once, in its section', (before, after) => {
    expect(ini(before)).toBe(after);
    expect(ini(after)).toBe(after);
  });

  it('keeps the ends of its lines', () => {
    expect(ini('[global]\r\na=1\r\n')).toBe(`[global]\n${pipBlock}a=1\n`.replaceAll('\n', '\r\n'));
  });

  it('that has none has the setting before the first of them', () => {
    const set = (text: string) => setInSettings(Buffer.from(text), '/f', npm).toString();
    expect(set('a=1\nregistry = x\nb=2\n')).toBe(`a=1\n${block('npm', npm.line)}b=2\n`);
    expect(set('a=1\n[s]\nregistry=x\n')).toBe(`a=1\n${block('npm', npm.line)}[s]\nregistry=x\n`);
  });

  it.each(['a = 1\n[global]\n', '[global]\na = 1\\', '# >>> sluice doctor --remedy pip >>>\n[global]\n'])(
    '%j is not touched',
    (text) => {
      expect(() => ini(text)).toThrow(expect.objectContaining({ code: 'FILE_UNFIT' }));
    },
  );

  it('that is no text is not touched', () => {
    expect(() => setInSettings(Buffer.from([0xff, 0x5b]), '/f', pip)).toThrow(
      expect.objectContaining({ code: 'FILE_UNFIT' }),
    );
  });

  it('keeps every line that is not the setting, whatever it is', () => {
    const line = fc.oneof(fc.constantFrom('[global]', '[x]', 'index-url=a', '# c', ' b', 'k = v', ''), fc.string());
    const clean = (text: string): string => text.replaceAll(/[\r\n\\\0]/g, '');
    fc.assert(
      fc.property(fc.array(line.map(clean)), (lines) => {
        const before = ['[first]', ...lines, 'z'].join('\n') + '\n';
        const after = ini(before);
        expect(ini(after)).toBe(after);
        const rest = after.replace(pipBlock, '').split('\n');
        for (const each of lines) if (!/index[-_]url|^\s/i.test(each)) expect(rest).toContain(each);
        expect(after.split(pip.line)).toHaveLength(2);
      }),
    );
  });
});

describe('a block of its own', () => {
  it('stands at the end, once, and leaves the blocks of others', () => {
    const other = setBlock(Buffer.from('a'), '/f', 'one', 'x').toString();
    const both = setBlock(Buffer.from(other), '/f', 'two', 'y');
    expect(both.toString()).toBe(`a\n${block('one', 'x')}${block('two', 'y')}`);
    expect(setBlock(both, '/f', 'one', 'z').toString()).toBe(`a\n${block('one', 'z')}${block('two', 'y')}`);
  });
});

describe('a JSON object', () => {
  it.each([
    ['{}', '{"k":["m"]}'],
    ['{\n  "a": 1\n}\n', '{\n  "k": [\n    "m"\n  ],\n  "a": 1\n}\n'],
    ['{ "k" : [ "x" , {"k":2} ] , "a":  1.0 }', '{ "k" : ["m"] , "a":  1.0 }'],
    ['{"a":"}\\"k\\":,", "k":null}', '{"a":"}\\"k\\":,", "k":["m"]}'],
  ])('%j keeps what is not meant', (before, after) => {
    expect(json(before)).toBe(after);
  });

  it.each(['[]', '1', '{"a":1,}', '{"k":1,"k":2}', '{} x'])('is required: %j', (text) => {
    expect(() => json(text)).toThrow(expect.objectContaining({ code: 'FILE_UNFIT' }));
  });

  it('has the member as wanted and all others as they were', () => {
    const object = fc.dictionary(fc.oneof(fc.constant('k'), fc.string()), fc.jsonValue());
    fc.assert(
      fc.property(object, fc.constantFrom(undefined, 1, 2, '\t'), fc.jsonValue(), (value, indent, wanted) => {
        const before = JSON.stringify(value, undefined, indent);
        const after = json(before, wanted);
        const parsed = JSON.parse(after) as object;
        expect(parsed).toEqual(JSON.parse(JSON.stringify(Object.assign(Object.create(null), value, { k: wanted }))));
        expect(json(after, wanted)).toBe(after);
      }),
    );
  });
});

describe('hosts.toml of containerd', () => {
  const set = (text: string) => setFirstHost(Buffer.from(text), '/f', 'https://m', 'https://r').toString();

  it('has the mirror first', () => {
    const other = 'server = "https://s"\n\n[host."https://o"]\n  skip_verify = false\n';
    for (const text of ['', other]) {
      const after = set(text);
      expect(Object.keys(parse(after).host as object)[0]).toBe('https://m');
      expect(set(after)).toBe(after);
    }
    expect(parse(set(other))).toMatchObject({ server: 'https://s', host: { 'https://o': { skip_verify: false } } });
    expect(parse(set('')).server).toBe('https://r');
  });

  it.each(['x = [', '[host."https://o"]\n[host."https://m"]\n', 'x = [\n[1],\n]\n'])('%j is not touched', (text) => {
    expect(() => set(text)).toThrow(expect.objectContaining({ code: 'FILE_UNFIT' }));
  });
});
