import { createHash } from 'node:crypto';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventsOf, newMachine, sluice } from './harness.js';

const WRITTEN = join(import.meta.dirname, '..', '..', 'src', 'scan', 'testing', 'written');
/** State dicts saved by PyTorch, and what it says itself of their tensors. */
const CHECKPOINTS = join(import.meta.dirname, 'checkpoints');
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

type Digest = Readonly<Record<'sha256', string>>;
type Told = Readonly<Record<string, { readonly shape: readonly number[]; readonly sha256: string }>>;
type Header = { readonly __metadata__: Readonly<Record<string, string>> } & Readonly<
  Record<string, { readonly dtype: string; readonly shape: readonly number[]; readonly data_offsets: [number, number] }>
>;
interface Statement {
  readonly subject: readonly object[];
  readonly predicate: {
    readonly buildDefinition: { readonly resolvedDependencies: readonly { readonly digest: Digest }[] };
    readonly runDetails: {
      readonly byproducts: readonly {
        readonly name: string;
        readonly digest: Digest;
        readonly annotations: { readonly dtype: string; readonly shape: readonly number[] };
      }[];
    };
  };
}

describe('sluice convert', () => {
  it.each([
    ['1.13', ''],
    ['2.15', ''],
    ['1.13', '-legacy'],
    ['2.15', '-legacy'],
  ])('writes what PyTorch %s%s saved as safetensors, with its proof', async (version, form) => {
    const machine = await newMachine();
    const from = join(CHECKPOINTS, `torch-${version}${form}.pt`);
    const to = join(machine.root, 'model.safetensors');
    const done = await sluice(machine, 'convert', from, '--to', to, '--json');
    expect(done.code, done.stderr).toBe(0);
    const file = await readFile(to);
    const [event] = eventsOf(done);
    expect(event).toMatchObject({ type: 'file.converted', sizeBytes: file.length, sha256: sha256(file) });
    const proof = JSON.parse(await readFile(`${to}.proof.json`, 'utf8')) as Statement;
    expect(proof.subject).toEqual([{ name: 'model.safetensors', digest: { sha256: sha256(file) } }]);
    const { buildDefinition, runDetails } = proof.predicate;
    expect(buildDefinition.resolvedDependencies[0]?.digest.sha256).toBe(sha256(await readFile(from)));
    const dataStart = 8 + Number(file.readBigUInt64LE(0));
    const { __metadata__: aliases, ...header } = JSON.parse(file.toString('utf8', 8, dataStart)) as Header;
    const numbersOf = (name: string): readonly [shape: readonly number[], sha256: string] => {
      const { shape, data_offsets: span } = header[name] ?? header[aliases[name]!]!;
      return [shape, sha256(file.subarray(dataStart + span[0], dataStart + span[1]))];
    };
    expect(runDetails.byproducts.length).toBe(Object.keys(header).length);
    expect(runDetails.byproducts.length).toBe(12);
    for (const { name, digest, annotations } of runDetails.byproducts) {
      expect(annotations.dtype).toBe(header[name]?.dtype);
      expect(numbersOf(name)).toEqual([annotations.shape, digest.sha256]);
    }
    const told = JSON.parse(await readFile(join(CHECKPOINTS, `torch-${version}.json`), 'utf8')) as Told;
    for (const [name, { shape, sha256: expected }] of Object.entries(told))
      expect([name, ...numbersOf(name)]).toEqual([name, shape, expected]);
    expect((await sluice(machine, 'scan', to)).code).toBe(0);

    await writeFile(to, 'mine');
    expect((await sluice(machine, 'convert', from, '--to', to)).code).toBe(8);
    expect(await readFile(to, 'utf8')).toBe('mine');
    expect((await sluice(machine, 'convert', from, '--to', to, '--force')).code).toBe(0);
    expect(await readFile(to)).toEqual(file);
  });

  it('writes what PyTorch before 0.1.10 saved as a tar, as PyTorch 1.13 reads it', async () => {
    const machine = await newMachine();
    const to = join(machine.root, 'model.safetensors');
    const done = await sluice(machine, 'convert', join(CHECKPOINTS, 'torch-tar.pt'), '--to', to);
    expect(done.code, done.stderr).toBe(0);
    const file = await readFile(to);
    const dataStart = 8 + Number(file.readBigUInt64LE(0));
    const header = JSON.parse(file.toString('utf8', 8, dataStart)) as Header;
    const told = JSON.parse(await readFile(join(CHECKPOINTS, 'torch-tar.json'), 'utf8')) as Told;
    expect(Object.keys(told)).toHaveLength(4);
    for (const [name, { shape, sha256: expected }] of Object.entries(told)) {
      const { shape: found, data_offsets: span } = header[name]!;
      const numbers = file.subarray(dataStart + span[0], dataStart + span[1]);
      expect([name, found, sha256(numbers)]).toEqual([name, shape, expected]);
    }
  });

  it('joins the names of what is nested, where that is wanted', async () => {
    const machine = await newMachine();
    const from = join(machine.root, 'training.ckpt');
    await copyFile(join(CHECKPOINTS, 'torch-2.15-nested.pt'), from);
    const to = join(machine.root, 'model.safetensors');
    const refused = await sluice(machine, 'convert', from, '--to', to);
    expect([refused.code, refused.stderr.includes('--flatten')]).toEqual([6, true]);
    expect((await sluice(machine, 'convert', from, '--to', to, '--flatten')).code).toBe(0);
    const file = await readFile(to);
    const header = JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE(0)))) as Header;
    expect(Object.keys(header).sort()).toEqual(['__metadata__', 'model.0.bias', 'model.0.weight']);
    expect(header.__metadata__).toMatchObject({ epoch: '3' });
  });

  it('refuses what is not only tensors, says why, and leaves nothing', async () => {
    const machine = await newMachine();
    for (const name of ['torch-2.15-plain.joblib', 'torch-2.15-training-zip.ckpt', 'torch-2.15-state-legacy.pt']) {
      const from = join(machine.root, name);
      await copyFile(join(WRITTEN, name), from);
      const refused = await sluice(machine, 'convert', from, '--to', `${from}.safetensors`);
      expect([name, refused.code, refused.stderr.includes('is not converted')]).toEqual([name, 6, true]);
      expect((await readdir(machine.root)).filter((each) => each.startsWith(`${name}.`))).toEqual([]);
    }
  });
});
