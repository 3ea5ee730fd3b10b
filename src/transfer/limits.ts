/**
 * Every constant of the engine in one place. The memory that bodies may hold is bounded by
 * connections × max(2 × WRITE_BLOCK_BYTES, SMALL_FILE_BYTES): 64 connections hold at most 128 MiB.
 */
const MIB = 1024 * 1024;

/** Pieces are powers of two in this range: the unit of scheduling, of repair and of what a kill can cost. */
export const MIN_PIECE_BYTES = MIB;
export const MAX_PIECE_BYTES = 64 * MIB;
/** A file is cut into at most so many pieces while they stay within the usual size: small enough to share out, to mend and to lose. */
export const PIECES_PER_FILE = 512;
export const USUAL_PIECE_BYTES = 8 * MIB;
/** Only a file that would have more pieces than this gets larger ones. */
export const MOST_PIECES = 16_384;

/** What readers of a file that is fetched as it is asked for are about to come to goes before everything else of it, so far ahead of each. */
export const URGENT_BYTES = 16 * MIB;
/**
 * One request of such a file lasts about so long, or brings so much while nothing is known: then its connection is free for what somebody waits for. Longer ones leave a reader
 * behind what has come by as much (1 Gbit/s, 10 ms: 16 MiB in order after 0.9 s instead of 0.5 s). Where round trips cost more, longer ones, up to the second.
 */
export const DEMANDED_RUN_MS = 300;
export const MOST_DEMANDED_RUN_MS = 1500;
export const DEMANDED_RUN_BYTES = 2 * MIB;

/** Files up to here come by one GET into memory and are proven before they touch the store. */
export const SMALL_FILE_BYTES = MIB;
/** So many proven small files, beside those on their connections, may wait in memory for the disk. */
export const SMALL_FILES_TO_STORE = 32;
/** For so long a look into the store counts as new: what another process brings meanwhile is fetched twice. */
export const FRESH_LOOK_MS = 5000;

/** Bytes are gathered to writes of this size; each connection has two such blocks, one filling, one being written. */
export const WRITE_BLOCK_BYTES = MIB;
/** Slabs that connections read into, and that wait to be hashed. */
export const USUAL_BUFFER_BYTES = 64 * MIB;
/** Threads that carry bytes. */
export const MAX_CARRIER_THREADS = 3;

/** Copies from other tools' partials are read in blocks of this size. */
export const COPY_BLOCK_BYTES = MIB;

/** Large files that arrive side by side: enough for two hashing threads, few enough that files also finish. */
export const LARGE_FILES_IN_FLIGHT = 3;

/** Connections opened ahead of need to a host that will be asked for pieces; the others follow when they are wanted. */
export const WARM_CONNECTIONS = 8;

/** Clock of the scheduler: it measures, compares and takes back at this pace. */
export const TICK_MS = 25;
/** Progress events come at this pace. */
export const REPORT_MS = 200;

/**
 * What the scheduler decides by; times in milliseconds. Shares are of the ideal in virtual time, as `node bench/sweep.mjs` shows them
 * (docs/decisions/0009-scheduler.md), with pieces of 256 KiB and without hashing; with both as they are the mean of 200 random networks is 0.862.
 */
export const SCHEDULE = {
  /** Connections in all when nobody says how many. */
  mostConnections: 64,
  /** Of them to one host. */
  mostPerHost: 32,
  /** With which every source begins. 16 is too many for small origins and hosts that refuse (503-every-4th 0.80 instead of 0.98, random networks 0.860), 4 is slow where connections are capped or far (capped-256 0.86 instead of 0.91, far 0.26 instead of 0.47). */
  startConnections: 8,
  /** Bytes asked for ahead of the oldest that is missing: what is hashed in order should still be in memory. */
  windowBytes: 64 * MIB,
  /** The same as long as nothing is known: fewer, larger first requests meet fewer limits (429-window 0.98 instead of 0.88 with 64 MiB, 503-every-4th 0.98 instead of 0.83), and are shared when somebody idles. */
  firstWindowBytes: 128 * MIB,
  /** A run lasts this many round trips where the window allows it, so that one costs 5 %. */
  roundTripsPerRun: 20,
  /** A run is at most this share of what is left for its connection (0.5: 503-every-4th 0.93 instead of 0.98); the second where round trips cost more (0.5: far 0.45 instead of 0.47). */
  tailShare: 0.7,
  farTailShare: 1,
  /** The same where requests are counted: beyond what the connection is likely to bring (1: random networks 0.868; in real time an eleventh request met a limit of ten and waited). */
  countedShare: 1.5,
  /** Whether more are dialled before anything was measured (1), or only once there is something to compare them with (0). */
  blindClimb: 1,
  /** New connections get this long to come up before goodput is compared, or so many round trips. */
  settleMs: 30,
  settleRoundTrips: 2,
  /** Goodput is compared over this long, or so many round trips. 60: resets 0.94 instead of 0.98, though a little better at random. */
  measureMs: 120,
  measureRoundTrips: 3,
  /** Growth counts already after this share of it (0.7: capped-256 0.89 instead of 0.91, random networks 0.866). */
  earlyShare: 0.4,
  /** Twice the connections must bring so much more to go on climbing, and so much more to be kept. 1.15 to 1.4 make no difference. */
  climbGain: 1.25,
  keepGain: 1.08,
  /** No more connections are dialled when what is left takes fewer round trips than this: they would only just have come up (always: far 0.33 instead of 0.47). */
  climbRoundTrips: 20,
  /** No more are dialled while answers take so many times what they took at best, and so much longer: what is asked for waits in the queue of a full line. Never said unless set. */
  fullLineFactor: Infinity,
  fullLineMs: 3,
  /** More connections that bring less than this share are a collapse. */
  collapseShare: 0.8,
  /** Below this share that is said already after the early look (without it collapse-8 0.94 instead of 0.96). */
  fallShare: 0.5,
  /** Fewer connections that bring at least this share are enough. */
  easeShare: 0.97,
  /** Fewer than this are not tried (4: random networks 0.860). One is kept only where it brings more than two. */
  easeLeast: 1,
  /** Fewer connections are tried only while so many times the trial's length is left (always: resets 0.92 instead of 0.98). */
  probeWorth: 30,
  /** More connections are tried again after this long, and after twice as long each time that does not help. */
  probeMs: 4000,
  /** A rate is averaged over this long (200 and 400 make no difference that is larger than chance). */
  rateWindowMs: 300,
  /** A request that is silent for so many round trips, and this long, while others deliver, is taken back. */
  silentRoundTrips: 4,
  silentMs: 1000,
  /** The same when nobody else delivers. */
  lonelySilentMs: 3000,
  /** A connection below this share of its best siblings is dialled again, once it had this long (200: the worst draw of slow-edges 0.56 instead of 0.86), or so many round trips (8: random networks 0.867). */
  redialShare: 0.25,
  redialAfterMs: 75,
  redialAfterRoundTrips: 5,
  /** What was taken from a bad connection is for so long not given to the one that is dialled instead, which may be as bad. */
  passOnMs: 60,
  /** A request that is short by design is cut only when it would last longer than this all the same. */
  veryLateMs: 5000,
  /** What is taken over must be there sooner by this much (100: mirrors-256 0.96 instead of 0.98, but capped-256 0.92 instead of 0.91), or so many round trips; by the last from a host that counts requests. */
  reliefGainMs: 40,
  reliefGainRoundTrips: 2,
  reliefGainCountedMs: 1000,
  /** What a connection brings in this time, and in two round trips, counts as on its way, when what it was asked for is shared. */
  onWayMs: 200,
  /** Bytes of a file that are hashed in a millisecond, a little less than a core does while others receive. */
  hashRate: 900_000,
  /** Of several sources each is asked so often at least: four answers say how it does. */
  watchMs: 500,
  /** A source is scored down beyond such a round trip while another is nearer than that, or from so large a share of failed requests among its last ten. */
  degradedRoundTripMs: 200,
  degradedFailedShare: 0.05,
} as const;

export type Schedule = Readonly<Record<keyof typeof SCHEDULE, number>>;

/**
 * The same where somebody reads a file while it comes, for whom a connection that loses packets at the front holds everything up: more are not even tried on a line that is full
 * already, where each try costs all of them packets (1 Gbit/s, 10 ms: 16 to 32 connections and back took the line down to 60 to 90 MB/s for half a second).
 */
export const SERVICE_SCHEDULE: Schedule = { ...SCHEDULE, fullLineFactor: 1.4, blindClimb: 0, climbGain: 1.5 };

/** Boxes in between that cut what is large or long (`schedule/cuts.ts`). */
export const CUTS = {
  /** After so many broken answers each request gets a connection of its own. */
  suspiciousBreaks: 2,
  /** So many of these in a row that broke alike are a cut, within this share of their median. */
  alike: 4,
  spread: 0.1,
  /** Requests stay below this share of what survives: rates change, and heads count too. */
  safeShare: 0.75,
  /** Smaller answers that break say nothing of size, and requests do not get smaller. */
  leastBytes: MIB / 4,
  /** No box cuts sooner, and chance often does. */
  leastSizeBytes: MIB,
  leastTimeMs: 500,
  /** So many breaks are looked at before it is given up that they are alike, and so many good ends in a row forgive. */
  looksAt: 8,
  forgiveEnds: 24,
} as const;

/** How often processes that share a limit look at one another, and the clock on the wall is looked at for the timetable. */
export const LIMIT_LOOK_MS = 1000;
/** A limit that held somebody back so lately counts as what holds the transfer back. */
export const LIMIT_SHOWN_MS = 1000;

/** Backoff of a source that fails: doubles from the first to the last, with jitter of ± 50 %. */
export const BACKOFF_FIRST_MS = 200;
export const BACKOFF_LAST_MS = 30_000;

/** Waiting because every source asked for it (`Retry-After`) is not lack of progress, up to this long. */
export const MAX_ASKED_WAIT_MS = 15 * 60_000;

/** A signed address is renewed this long before its end, or after nine tenths of its life if that is later. */
export const RENEW_AHEAD_MS = 30_000;

/** What is read of the body of a refusal. */
export const FAILURE_BODY_BYTES = 4096;
/** A refusal that talks longer than this is cut off. */
export const FAILURE_BODY_LIMIT_BYTES = 65_536;

/** How often content that nothing identifies may change under our hands before we give up. */
export const MAX_RESTARTS = 3;
/** While a file arrives from several sources, this share of it is fetched from a second one too and compared; the second once something was odd. */
export const SPOT_SHARE = 0.01;
export const ODD_SPOT_SHARE = 0.04;
/** In parts of this size: small enough that many places are looked at, large enough that a round trip does not count. */
export const SPOT_BYTES = MIB / 4;
/** Pieces on which sources do not agree that are looked into at the same time. */
export const OPEN_DISPUTES = 4;
/** A source whose bytes were wrong so often, though it gave the right ones when it was asked again, is set aside as if it had lied. */
export const MOST_SLIPS = 2;
/** A request that only compares lasts about so long, or so many round trips: whoever has to settle a dispute is soon free. */
export const COMPARE_MS = 150;
export const COMPARE_ROUND_TRIPS = 5;
