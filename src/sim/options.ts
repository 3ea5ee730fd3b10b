import type { SimHost } from './answer.js';
import type { FaultRule } from './faults.js';
import type { TlsFiles } from './listener.js';
import type { NetworkName, NetworkProfile } from './network.js';
import type { SimFiles, SimRepository } from './repository.js';
import type { HubHabits } from './state.js';
import type { XetOptions } from './xet/options.js';

export interface SimOptions {
  readonly repositories?: readonly SimRepository[];
  /** Plain files: folder name → files, at `/files/<folder>/<path>`, with `SHA256SUMS` and `checksums.sha256` made to fit. */
  readonly folders?: Readonly<Record<string, SimFiles>>;
  /** Token → user name. A token that is not here is refused, as hubs do. */
  readonly users?: Readonly<Record<string, string>>;
  readonly faults?: readonly FaultRule[];
  readonly network?: NetworkName | NetworkProfile;
  readonly habits?: Partial<HubHabits>;
  /** Everything that chance decides follows from it. 1 unless told. */
  readonly seed?: number;
  /** Large files of Hugging Face repositories lie in Xet storage too. Not unless told; `{}` is the service as it is. */
  readonly xet?: XetOptions;
  /** A path under which the whole hub stands, e.g. `/artifactory/hf`. */
  readonly prefix?: string;
  /** Of the hub; 0 (any) unless told. */
  readonly port?: number;
  /** Where its hosts listen; on loopback unless told. */
  readonly addresses?: Partial<Readonly<Record<SimHost, string>>>;
  readonly tls?: TlsFiles;
  /** Lifetime of signed URLs; an hour unless told. */
  readonly signedForMs?: number;
  /** Requests that a signed URL is good for; unlimited unless told. */
  readonly signedUses?: number;
  /** Dies once so many body bytes were sent: cuts its connections and refuses new ones. */
  readonly dieAfterBytes?: number;
  /** Falls silent once so many body bytes were sent: connections stay, new ones are taken, nothing more is said. */
  readonly silentAfterBytes?: number;
}
