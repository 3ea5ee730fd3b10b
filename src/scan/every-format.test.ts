import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORMATS } from './formats.js';
import { scanFile } from './scan-file.js';
import { sourceOfBuffer } from './sources.js';
import { corpus, type CorpusFile } from './testing/corpus.js';

const SEEDS = corpus();
/** More on purpose: `SLUICE_FUZZ_RUNS=200000 npx vitest run src/scan/every-format.test.ts`. */
const RUNS = Number(process.env.SLUICE_FUZZ_RUNS ?? 600);
/** What only a reader says that did not look where it reads. */
const CRASHED = /undefined|is not a function|Cannot |out of range|Invalid (?:array|typed)|Maximum call stack|Received /;

const scan = ({ name, bytes }: CorpusFile) => scanFile(sourceOfBuffer(bytes), name);

/** Bytes that are changed, cut, cut out, doubled and put from one file into another. */
const spoiled = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.constantFrom(...SEEDS),
    fc.array(fc.tuple(fc.constantFrom('set', 'cut', 'drop', 'twice', 'graft'), fc.nat(), fc.nat(300)), {
      minLength: 1,
      maxLength: 5,
    }),
    fc.boolean(),
  )
  .map(([{ name, bytes }, other, changes, isRenamed]): CorpusFile => {
    let made = Buffer.from(bytes);
    for (const [what, place, size] of changes) {
      const at = place % Math.max(1, made.length);
      const [before, behind] = [made.subarray(0, at), made.subarray(at)];
      if (what === 'set') made = Buffer.concat([before, Buffer.from([size & 0xff]), behind.subarray(1)]);
      else if (what === 'cut') made = before;
      else if (what === 'drop') made = Buffer.concat([before, behind.subarray(size)]);
      else if (what === 'twice') made = Buffer.concat([before, behind.subarray(0, size), behind]);
      else made = Buffer.concat([before, other.bytes.subarray(0, 20 * size), behind]);
    }
    return { name: isRenamed ? other.name : name, bytes: made };
  });

describe('every format', () => {
  it('has a file in the corpus', async () => {
    const seen = new Set<string>();
    for (const seed of SEEDS) {
      const { formats, members } = await scan(seed);
      for (const each of [...formats, ...members.flatMap((member) => member.formats)]) seen.add(each);
    }
    const names = [...seen].map((each) => ALIASES[each] ?? each);
    const missing = FORMATS.map(({ format }) => format).filter((each) => !names.includes(each));
    expect(missing).toEqual(['raw-tensors']);
  });

  it('takes any bytes: it ends, says where it is at a loss in words, and owns every byte of what is CLEAN', async () => {
    await fc.assert(
      fc.asyncProperty(spoiled, async (file) => {
        const { verdict, coverage, findings } = await scan(file);
        if (verdict === 'CLEAN') expect(coverage.attributedBytes).toBe(file.bytes.length);
        expect(findings.map(({ evidence }) => evidence).filter((evidence) => CRASHED.test(evidence))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  }, 60_000);
});

/** Readers that tell what an archive is for. */
const ALIASES: Readonly<Record<string, string>> = { 'torch-zip': 'zip', npz: 'zip', 'keras-zip': 'zip' };
