import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatFault } from '../format-fault.js';
import { buildSafetensors, layOut } from '../testing/build-safetensors.js';
import { SAFETENSORS_BITS } from './dtypes.js';
import { SAFETENSORS_LENGTH_BYTES, parseSafetensorsHeader, safetensorsHeaderBytes } from './header.js';

function read(file: Buffer) {
  const headerBytes = safetensorsHeaderBytes(file.subarray(0, SAFETENSORS_LENGTH_BYTES), file.length);
  const end = SAFETENSORS_LENGTH_BYTES + headerBytes;
  return parseSafetensorsHeader(file.subarray(SAFETENSORS_LENGTH_BYTES, end), file.length - end);
}

function ruleOf(file: Buffer): string {
  try {
    read(file);
  } catch (thrown) {
    if (thrown instanceof FormatFault) return thrown.rule;
    throw thrown;
  }
  return 'none';
}

const TENSORS = fc
  .array(
    fc.record({
      name: fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__' && name !== '__proto__'),
      // Elements by the eight: whole bytes whatever the type.
      shape: fc.array(fc.nat(6), { maxLength: 3 }).map((sizes) => [...sizes, 8]),
      type: fc.constantFrom(...SAFETENSORS_BITS),
    }),
    { maxLength: 8 },
  )
  .map((all) => [...new Map(all.map((each) => [each.name, each])).values()])
  .map((all) => all.map(({ name, shape, type: [dtype, bits] }) => ({ name, shape, dtype, bits })));

describe('the header of safetensors', () => {
  it('gives every tensor back, in the order of its bytes', () => {
    fc.assert(
      fc.property(TENSORS, (tensors) => {
        const { header, dataBytes } = layOut(tensors);
        const found = read(buildSafetensors({ __metadata__: { format: 'pt' }, ...header }, dataBytes));
        expect(found.metadata).toEqual(new Map([['format', 'pt']]));
        expect(found.tensors.reduce((sum, { startByte, endByte }) => sum + endByte - startByte, 0)).toBe(dataBytes);
        const sorted = (names: readonly string[]): readonly string[] => [...names].sort();
        expect(sorted(found.tensors.map(({ name }) => name))).toEqual(sorted(tensors.map(({ name }) => name)));
        for (const { name, dtype, shape } of found.tensors)
          expect({ dtype, shape }).toEqual({
            dtype: tensorOf(tensors, name).dtype,
            shape: tensorOf(tensors, name).shape,
          });
      }),
    );
  });

  const one = { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] };
  it.each<[string, Record<string, unknown> | string, number]>([
    ['none', { one }, 16],
    ['none', {}, 0],
    ['none', '{} \n  ', 0],
    ['none', { scalar: { dtype: 'F32', shape: [], data_offsets: [0, 4] } }, 4],
    ['ST-GAP', { one }, 17],
    ['ST-GAP', { one }, 15],
    ['ST-GAP', { one: { ...one, data_offsets: [1, 17] } }, 17],
    ['ST-GAP', { one, two: { ...one, data_offsets: [8, 24] } }, 24],
    ['ST-TENSOR', { one: { ...one, shape: [2, 3] } }, 16],
    ['ST-TENSOR', { one: { ...one, shape: [2 ** 32, 2 ** 32] } }, 16],
    ['ST-TENSOR', { one: { ...one, shape: [2 ** 40, 2 ** 40, 0] } }, 16],
    ['ST-TENSOR', { one: { ...one, shape: [2 ** 40, 2 ** 40, 0], data_offsets: [0, 0] } }, 0],
    ['ST-TENSOR', { one: { ...one, shape: [-2, -2] } }, 16],
    ['ST-TENSOR', { one: { ...one, shape: [2, 2.5] } }, 16],
    ['ST-TENSOR', { one: { ...one, dtype: 'F33' } }, 16],
    ['ST-TENSOR', { one: { ...one, data_offsets: [16, 0] } }, 16],
    ['ST-TENSOR', { one: { ...one, data_offsets: [0, 16, 16] } }, 16],
    ['ST-TENSOR', { one: 1 }, 16],
    ['ST-HEADER', { one, __metadata__: { format: 1 } }, 16],
    ['ST-HEADER', { one, __metadata__: 'pt' }, 16],
    ['ST-HEADER', '[]', 0],
    ['ST-HEADER', ' {}', 0],
    ['JSON', '{"a":1,"a":1}', 0],
    ['ST-LENGTH', '', 0],
  ])('%s: %j', (rule, header, dataBytes) => {
    expect(ruleOf(buildSafetensors(header, dataBytes))).toBe(rule);
  });

  it('believes no length', () => {
    const file = buildSafetensors({}, 0);
    for (const length of [BigInt(file.length), 100_000_001n, 2n ** 63n, 2n ** 64n - 1n, 0n]) {
      file.writeBigUInt64LE(length);
      expect(() => safetensorsHeaderBytes(file, file.length)).toThrow(FormatFault);
    }
    expect(() => safetensorsHeaderBytes(Buffer.alloc(7), 7)).toThrow(FormatFault);
  });

  it('takes any bytes, and any change of one, without another error', () => {
    const { header, dataBytes } = layOut([{ name: 'w', dtype: 'BF16', bits: 16, shape: [4, 2] }]);
    const good = buildSafetensors(header, dataBytes);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void ruleOf(Buffer.from(bytes))));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(good);
        changed[at] = byte;
        void ruleOf(changed);
      }),
    );
  });
});

function tensorOf<T extends { readonly name: string }>(tensors: readonly T[], name: string): T {
  const found = tensors.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}
