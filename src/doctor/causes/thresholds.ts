const MB = 1_000_000;

/** From where on something is said to be wrong, and what it would be like if it were right. Reasons stand beside each. */
export const THRESHOLDS = {
  /** A resolver nearby answers from memory within 20 ms, one that has to ask within 100. */
  namesMs: 150,
  usualNamesMs: 20,
  /** The default of the engine's own watch (A10). */
  lossShare: 0.03,
  /** Who loses at least this much of what the end of the way loses, loses the same packets: a few dozen packets tell no finer. */
  sameLossShare: 1 / 3,
  /** One lost segment lets those behind it come out of order: reordering alone stays well below. */
  outOfOrderShare: 0.02,
  /** One stream within these shares of window over round trip is held by the window. */
  windowShare: [0.4, 1.3],
  roundTripMs: 200,
  usualRoundTripMs: 30,
  /** Beyond the round trip; hubs look a file up within this. */
  answerMs: 1_000,
  usualAnswerMs: 200,
  /** An address that does not answer costs this much before the next one is tried (the dialler's own figure). */
  attemptMs: 500,
  /** Several streams that bring so many times what one does show a limit of each connection. */
  capGain: 2,
  /** One stream that brings so much, a line of 1 Gbit/s, is held down by nothing that matters. */
  capBytesPerSecond: 125 * MB,
  /** Below this a line is called slow: a model of 15 GB takes longer than ten minutes. */
  lineBytesPerSecond: 25 * MB,
  /** A disk that is slower than this holds up lines of 1 Gbit/s. */
  diskBytesPerSecond: 125 * MB,
  usualDiskBytesPerSecond: 500 * MB,
  syncMs: 500,
  /** One core with SHA extensions hashes 1500, one without them 400. */
  hashBytesPerSecond: 300 * MB,
  usualHashBytesPerSecond: 1_500 * MB,
  /** Others keep the device at work for most of the time: what we write has to wait its turn. */
  busyShare: 0.6,
  /** Of all processors' time: on eight of them, two that do nothing but wait. */
  waitShare: 0.2,
  /** A GPU that holds something is meant to work on it. */
  gpuInUseShare: 0.1,
  gpuIdleShare: 0.2,
  /** The engine's usual buffers, and the page cache that writes need (docs/LIMITS.md). */
  memoryBytes: 256 * 2 ** 20,
  /** Names on hubs may be as long as most file systems take. */
  nameBytes: 255,
  /** Signed URLs are refused, and certificates may be, when clocks differ by minutes. */
  clockMs: 60_000,
  /** Streams that broke within this share of the same byte, or the same moment, were cut there. */
  cutSpread: 0.1,
  /** Of what survived, what a request may ask for. */
  safeShare: 0.75,
  /** Fewer say nothing. */
  cutStreams: 3,
  /** Nothing for so long is no pause any more: retransmissions of TCP are that far apart only after many losses in a row. */
  silentMs: 5_000,
  /** Where a 429 does not say for how long: hubs count by minutes. */
  rateLimitMs: 60_000,
  openFiles: 1_024,
  /** Room beside the files themselves, as `pull` keeps it free. */
  spareBytes: 64 * 2 ** 20,
} as const;
