import type { Manifest } from '../hubs/index.js';
import { foreignFinder, type ForeignPartial } from '../store/index.js';
import type { TransferTask } from '../transfer/index.js';
import type { PullSettings } from './port.js';
import type { Target } from './targets.js';

/** Where other tools may have begun, or finished, the files of a pull. */
export function foreignPartialsFor(
  target: Target,
  { pinned }: Manifest,
  settings: PullSettings,
): (task: TransferTask) => Promise<readonly ForeignPartial[]> {
  const find = foreignFinder({
    hfCache: settings.hfCache,
    msCache: settings.msCache,
    ollamaModels: settings.ollamaModels,
    flatFolders: target.view === 'flat' ? [target.root] : [],
  });
  const { ref, revision } = pinned;
  const repository = ref.origin === 'https' ? {} : { repository: { id: ref.id, kind: ref.kind, revision } };
  return ({ digests, sizeBytes, path }) => find({ digests, sizeBytes, path, partFiles: true, ...repository });
}
