import { toSluiceError, type FileDifference, type PlaceReport } from '../../base/index.js';
import { createHttpOrigin, formatRef, type ManifestFile, type Origin, type Source } from '../../hubs/index.js';
import { differenceOf } from './compare.js';
import type { Look, LookContext } from './lookup.js';
import { whyNotAsk } from './may-ask.js';

/** A smaller file comes sooner than the news of who else has it. */
const WORTH_A_REQUEST_BYTES = 2 ** 20;
const REQUESTS_AT_ONCE = 4;

/**
 * Asks a folder of plain files for the first byte of each wanted one, the largest first. It lists nothing, so that the same name and size count as
 * the same file, unless a header tells another digest; the digest of what arrives decides.
 */
export const lookAtFolder: Look<'folder'> = (place, primary, wanted, context) => {
  const ref = formatRef({ origin: 'https', url: place.url });
  const none = { source: new URL(place.url).host, ref, commit: null, agree: [], differ: [], lack: [] };
  const questions = wanted.then((files) =>
    files
      .filter(({ sizeBytes }) => (sizeBytes ?? 0) > WORTH_A_REQUEST_BYTES)
      .sort((left, right) => (right.sizeBytes ?? 0) - (left.sizeBytes ?? 0))
      .map((file) => ({ file, ...openAnswer() })),
  );
  const look = async (): Promise<PlaceReport> => {
    const unasked = await whyNotAsk(place, primary, context.settings, context.signal);
    if (unasked !== undefined) return { ...none, unasked };
    const agree: string[] = [];
    const differ: FileDifference[] = [];
    const lack: string[] = [];
    await forEach(await questions, async ({ file, settle }) => {
      const answer = await describe(place.url, file, context);
      const isSame = answer !== undefined && isAlike(file, answer.theirs);
      if (answer === undefined) lack.push(file.path);
      else if (isSame) agree.push(file.path);
      else differ.push(differenceOf(file, answer.theirs));
      settle(isSame ? [answer.source] : []);
    });
    return { ...none, agree, differ, lack };
  };
  const report = look()
    .catch((thrown: unknown): PlaceReport => {
      const { code, message } = toSluiceError(thrown);
      return { ...none, failure: { code, message } };
    })
    .finally(() => void questions.then((all) => all.forEach(({ settle }) => settle([]))));
  return {
    source: none.source,
    ref,
    report,
    sources: async ({ path }) => (await questions).find(({ file }) => file.path === path)?.answer ?? [],
  };
};

/** A promise and what settles it, once. */
function openAnswer(): {
  readonly answer: Promise<readonly Source[]>;
  readonly settle: (sources: readonly Source[]) => void;
} {
  let settle: (sources: readonly Source[]) => void = () => undefined;
  const answer = new Promise<readonly Source[]>((resolve) => (settle = resolve));
  return { answer, settle };
}

/** What a folder says of one file; undefined when it has none of that name. @throws SluiceError when it cannot be asked */
async function describe(
  folder: string,
  file: ManifestFile,
  { wires, signal }: LookContext,
): Promise<{ readonly theirs: ManifestFile; readonly source: Source } | undefined> {
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  const url = new URL(`./${path}`, folder).href;
  const origin: Origin = createHttpOrigin({ ...wires, url });
  try {
    const pinned = await origin.pin({ origin: 'https', url }, signal);
    const [theirs] = pinned.files ?? [];
    return theirs === undefined ? undefined : { theirs, source: origin.source(pinned, theirs) };
  } catch (thrown) {
    if (toSluiceError(thrown).exitCode === 3) return undefined;
    throw thrown;
  }
}

function isAlike(ours: ManifestFile, theirs: ManifestFile): boolean {
  const { sha256 } = theirs.digests;
  return ours.sizeBytes === theirs.sizeBytes && (sha256 === undefined || sha256 === ours.digests.sha256);
}

/** Some at a time; the first failure ends it. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  let failed = false;
  const hand = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined && !failed; item = queue.shift()) {
      try {
        await work(item);
      } catch (thrown) {
        failed = true;
        throw thrown;
      }
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, hand));
}
