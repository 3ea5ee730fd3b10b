import { JOBLIB } from '../pickle/judge/numpy-profile.js';
import { PLAIN } from '../pickle/judge/plain-profile.js';
import { runPickle } from '../pickle/machine.js';
import type { PickleImport, PickleOptions, PickleRun } from '../pickle/port.js';
import type { ByteSource, Format, FormatScan, ScanContext } from '../port.js';
import { ScanReport } from '../report.js';
import { judgeStreams } from '../torch/judge-streams.js';
import { arrayBehind } from './array.js';

const MODULE = Buffer.from('joblib.numpy_pickle');

/** Pickles with the bytes of arrays right in the stream, as `joblib.dump` writes them. Packed ones are read by the formats that unpack. */
export const joblibFormat: Format = {
  format: 'joblib',
  claims: isJoblib,
  async scan(bytes: ByteSource, context: ScanContext): Promise<FormatScan> {
    const report = new ScanReport(context);
    const runs: PickleRun[] = [];
    const afterBuild: PickleOptions['afterBuild'] = async (object, offsetBytes) => {
      const array = await arrayBehind(object, offsetBytes, bytes);
      if (array === undefined || array.kind === 'numbers') return array?.sizeBytes;
      // What joblib loads there with an unpickler of its own.
      const inner = await runPickle(bytes, offsetBytes, context.members);
      runs.push(inner);
      return inner.endByte - offsetBytes;
    };
    const run = await runPickle(bytes, 0, context.members, { afterBuild });
    runs.unshift(run);
    report.include(await judgeStreams(runs, [PLAIN, JOBLIB], bytes, context));
    claimStream(run, runs.slice(1), report);
    await judgeAsPlain(bytes, runs, context, report);
    return report.result('joblib');
  },
};

/** Pickles that name joblib's wrapper near their beginning; others have no array that would hide something behind it. */
export function isJoblib(start: Buffer): boolean {
  return start[0] === 0x80 && start.includes(MODULE);
}

function claimStream(run: PickleRun, inner: readonly PickleRun[], report: ScanReport): void {
  const pickles = new Set(inner.map(({ startByte }) => startByte));
  let at = run.startByte;
  for (const { startByte, endByte } of run.rawSpans) {
    report.claim(at, startByte, 'pickle');
    report.claim(startByte, endByte, pickles.has(startByte) ? 'pickle in a pickle' : 'tensor data');
    at = endByte;
  }
  report.claim(at, run.endByte, 'pickle');
}

/** Other readers than joblib take the numbers of the first array for more of the pickle. What they would import there is no accident. */
async function judgeAsPlain(
  bytes: ByteSource,
  runs: readonly PickleRun[],
  context: ScanContext,
  report: ScanReport,
): Promise<void> {
  if (runs[0]?.rawSpans[0] === undefined) return;
  const known = new Set(runs.flatMap(({ imports }) => imports.map(nameOf)));
  const plain = await runPickle(bytes, 0, context.members);
  for (const found of plain.imports)
    if (!known.has(nameOf(found))) {
      const evidence = `the numbers of an array, read as a pickle, import ${nameOf(found)}`;
      report.find('POLYGLOT', evidence, { offsetBytes: found.offsetBytes });
    }
}

function nameOf({ module, name }: PickleImport): string {
  return `${module}.${name}`;
}
