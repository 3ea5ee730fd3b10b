/** What a probe may take. Everything here is shown in docs/LIMITS.md. */
export const PROBES = {
  /** Connections opened to each address, one after another. */
  connectTries: 3,
  /** Addresses of a name that are tried. */
  addresses: 4,
  connectMs: 5_000,
  resolvers: 4,
  /** The system's resolver waits as long before it asks the next one (resolv.conf(5)). */
  resolverMs: 5_000,
  /** Without privileges `ping` sends no faster than five a second. */
  ping: { packets: 25, intervalMs: 200, mostMs: 15_000 },
  pingAsRoot: { packets: 150, intervalMs: 20, mostMs: 15_000 },
  /** Streams at once, one stage after another. */
  streams: [1, 4, 8, 16],
  /** A stage ends at whichever comes first; that of several streams also once their rate has settled (`path/settled.ts`). */
  stageMs: 2_000,
  stageBytes: 64 * 2 ** 20,
  /** A stream that sends nothing for so long is taken for one that was cut without a word; more patiently where that is proven, or looked for at length. */
  stageSilentMs: 1_000,
  repeatSilentMs: 3_000,
  longSilentMs: 10_000,
  /** One stream for long, where that is asked for (`--long`); and single streams again after one broke. */
  longMs: 150_000,
  longBytes: 512 * 2 ** 20,
  repeats: 2,
  /** The file whose digest is proven: no larger than this, of so many endpoints, each in this time. */
  specimenBytes: 16 * 2 ** 20,
  specimens: 4,
  specimenMs: 6_000,
  /** Written to the disk and removed again. */
  diskBytes: 64 * 2 ** 20,
  hashBytes: 32 * 2 ** 20,
  /** How long the disk is watched before anything is written to it. */
  watchMs: 400,
  /** Programs that are asked about this machine (`quota`, `nvidia-smi`, `rocm-smi`, `python3`): time each, and what of their answer is read. */
  toolMs: 10_000,
  toolBytes: 2 ** 20,
} as const;

/** How the hops of a way are looked for, and what each is asked. */
export const ROUTE_PROBES = {
  mostHops: 30,
  /** Distances that are tried at the same time, and packets for each: of five, one comes through nearly any loss. */
  atOnce: 10,
  tries: 5,
  /** A program that has not ended by then has said what it says. */
  toolMs: 10_000,
  /** Packets to each hop, all hops at the same time. Slower than to the host: routers answer what they have time for. */
  ping: { packets: 50, intervalMs: 200, mostMs: 15_000 },
  pingAsRoot: { packets: 200, intervalMs: 50, mostMs: 15_000 },
} as const;

/** What is read of a model to tell what it needs. */
export const FIT_PROBES = {
  /** `config.json` and its like. */
  configBytes: 2 ** 20,
  /** First bytes of a file of weights: most headers of shards end within, and the entries of GGUF that say what it is stand there. */
  headBytes: 64 * 1024,
  /** A header that is longer is not read to its end. */
  headerBytes: 8 * 2 ** 20,
  /** Shards whose headers are read; of the others the size is known. */
  shards: 8,
  /** A range that fails is asked for again within this. */
  patienceMs: 3_000,
} as const;

/** What each candidate of `sluice sources` is asked. */
export const SOURCE_PROBES = {
  tries: 5,
  /** A listing that fails is asked for again within this. */
  patienceMs: 3_000,
  /** Streams at once for one stage of `PROBES`. */
  streams: 4,
  /** Bytes that all candidates are asked for, to be compared. */
  spotBytes: 65_536,
} as const;

/** Of a job that nobody named. */
export const ASSUMED_BYTES = 2 ** 30;
