import type { Headers } from '../../net/index.js';
import type { HubOptions } from '../options.js';
import type { ManifestFile, Pinned, Source, Spans } from '../port.js';
import type { RepositoryRef } from '../ref.js';
import type { ChunkLibrary, DecodePool, XetAccess, XetFile } from '../xet/index.js';

export interface XetRepository {
  readonly options: HubOptions;
  /** Base URL of the hub, and the name that people know it by. */
  readonly endpoint: string;
  readonly id: string;
  readonly repository: RepositoryRef;
  readonly pinned: Pinned;
  readonly credentials: Headers;
  readonly failure: Source['failure'];
}

/** Shorter spans than this would cost more in round trips and in chunks that two of them share than they are worth. */
const WORTHWHILE_BYTES = 4 * 2 ** 20;
/** Shorter files come so only where they come no other way: the time until the first bytes are there is most of it. */
const WORTHWHILE_FILE_BYTES = 8 * 2 ** 20;

/** Files of one commit as the content service behind the hub has them. What speaks its protocol is loaded when the first of them is fetched. */
export class XetSources {
  readonly #repository: XetRepository;
  #access: Promise<XetAccess> | undefined;
  #library: Promise<ChunkLibrary> | undefined;

  constructor(repository: XetRepository) {
    this.#repository = repository;
  }

  /** Undefined where a file is not there, or without the threads that decode. */
  sourceOf({ path, xetHash, sizeBytes }: ManifestFile): Source | undefined {
    const { endpoint, id, credentials, failure, options } = this.#repository;
    const { decoders } = options;
    if (xetHash === undefined || sizeBytes === undefined || decoders === undefined) return undefined;
    const source = `${id}/xet`;
    let file: Promise<XetFile> | undefined;
    let pool: DecodePool | undefined;
    const open = async (): Promise<XetFile> => {
      const { createXetFile } = await import('../xet/index.js');
      const { transport, gate } = options;
      const access = await (this.#access ??= this.#open());
      const library = this.#chunks;
      pool = await decoders();
      return createXetFile({
        transport,
        gate,
        access,
        pool,
        fileId: xetHash,
        sizeBytes,
        path,
        source,
        ...(library === undefined ? {} : { library: await library }),
      });
    };
    const opened = (): Promise<XetFile> => (file ??= open());
    const spans: Spans = {
      worthwhileBytes: WORTHWHILE_BYTES,
      isBusy: () => pool?.isBusy() === true,
      fetch: async (span, to, progress, signal) => (await opened()).fetchSpan(span, to, progress, signal),
      look: async (signal) => {
        // Without any list there is nothing to load for.
        if ((await this.#repository.options.chunkLists?.names())?.length === 0) return 0;
        return (await opened()).look(signal);
      },
      judge: async () => (await file)?.judge() ?? { state: 'incomplete' },
      keep: async (sha256, isProven) => (await file)?.keep(sha256, isProven),
    };
    return {
      id: source,
      url: endpoint,
      credentials,
      failure,
      spans,
      isReserve: sizeBytes < WORTHWHILE_FILE_BYTES,
    };
  }

  /** One for all files: what was read of lists is not read again. */
  get #chunks(): Promise<ChunkLibrary> | undefined {
    const { chunkLists } = this.#repository.options;
    if (chunkLists === undefined) return undefined;
    return (this.#library ??= import('../xet/index.js').then(({ ChunkLibrary: Library }) => new Library(chunkLists)));
  }

  async #open(): Promise<XetAccess> {
    const { createXetAccess, xetTokenUrl } = await import('../xet/index.js');
    const { options, endpoint, repository, pinned, credentials, failure } = this.#repository;
    const tokenUrl = xetTokenUrl(endpoint, repository, pinned.commit);
    return createXetAccess({ ...options, tokenUrl, credentials, failure });
  }
}
