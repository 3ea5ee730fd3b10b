import { createHostGate, createTransport } from '../../net/index.js';
import { SOURCE_PROBES } from '../limits.js';
import type { ExamineContext } from '../port.js';
import { transportOptions } from '../transport-options.js';
import { findCandidates, type Candidate } from './candidates.js';
import { measureSource, type MeasuredSource } from './measure-source.js';
import { rank } from './rank.js';
import type { Honesty, SourcesReport } from './report.js';

/**
 * Who has the files of a ref, measured one after another so that none takes from another, best first. Bytes that came are compared and thrown away.
 * @throws SluiceError BAD_REF, BAD_SETTING, INTERRUPTED, and what the first endpoint says where none lists the ref
 */
export async function measureSources(
  subject: string,
  extra: readonly string[],
  context: ExamineContext,
): Promise<SourcesReport> {
  const { settings, emit, signal, tell } = context;
  const transport = createTransport(transportOptions(settings));
  try {
    const wires = { transport, gate: createHostGate(), emit, patienceMs: SOURCE_PROBES.patienceMs };
    const { file, all } = await findCandidates(subject, extra, wires, context);
    const sizeBytes = file.sizeBytes ?? 1;
    const startByte = Math.floor(Math.random() * Math.max(1, sizeBytes - SOURCE_PROBES.spotBytes));
    const spot = { startByte, endByte: Math.min(sizeBytes, startByte + SOURCE_PROBES.spotBytes) };
    const measured: (MeasuredSource & { readonly candidate: Candidate })[] = [];
    for (const candidate of all) {
      tell('measuring', candidate.source);
      measured.push({ candidate, ...(await measureSource(candidate, sizeBytes, spot, { transport, signal })) });
    }
    const right = mostCommon(measured.flatMap(({ sample }) => (sample === undefined ? [] : [sample])));
    const sources = rank(
      measured.map(({ candidate, sample, honesty, ...rest }, index) => ({
        ...rest,
        source: candidate.source,
        ref: candidate.ref,
        ...(candidate.agrees === undefined ? {} : { agrees: candidate.agrees }),
        honesty: {
          ...honesty,
          ...sharedWith(measured.slice(0, index), honesty.sendsTo),
          ...(sample === undefined || right === undefined ? {} : { rightBytes: sample === right }),
        },
      })),
    );
    return { subject, file: { path: file.path, sizeBytes }, sources };
  } finally {
    await transport.close();
  }
}

/** Whether one that comes before has its bytes at the same host. */
function sharedWith(
  before: readonly (MeasuredSource & { readonly candidate: Candidate })[],
  host: string | undefined,
): Pick<Honesty, 'sharesWith'> {
  if (host === undefined) return {};
  const other = before.find(({ candidate, honesty }) => candidate.source === host || honesty.sendsTo === host);
  return other === undefined ? {} : { sharesWith: other.candidate.source };
}

/** Undefined where no two agree: then nobody can be called wrong. */
function mostCommon(samples: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const sample of samples) counts.set(sample, (counts.get(sample) ?? 0) + 1);
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  return most !== undefined && most[1] >= 2 ? most[0] : undefined;
}
