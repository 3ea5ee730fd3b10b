import type { RateLimit } from '../net/index.js';
import type { ModelFacts } from './fit/model-facts.js';

/** Why a step of a probe did not come to its end, as every error of ours says it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** One name server of this machine, asked by itself. */
export interface ResolverFacts {
  readonly server: string;
  readonly ms: number;
  readonly addresses: readonly string[];
  readonly failure?: Failure;
}

/** Packets of ICMP echo; times are round trips. */
export interface PingFacts {
  readonly sent: number;
  readonly lost: number;
  readonly leastMs: number;
  readonly meanMs: number;
  readonly mostMs: number;
  /** How much round trips differ from their mean, as `ping` counts it; undefined where it does not. */
  readonly jitterMs?: number;
}

/** A router on the way, or the host at its end. */
export interface HopFacts {
  /** 1 is the first router. */
  readonly hop: number;
  readonly address: string;
  /** Packets to itself; undefined where it answers none. */
  readonly ping?: PingFacts;
}

/** The way to one address, looked at where packets were lost or it was asked for. */
export interface RouteFacts {
  readonly to: string;
  /** What found the hops; `none` where nothing that could is installed. */
  readonly tool: 'ping' | 'traceroute' | 'tracepath' | 'mtr' | 'none';
  /** Those that said who they are, the nearest first. */
  readonly hops: readonly HopFacts[];
}

/** How the kernel receives TCP. What it does not tell is absent. */
export interface KernelFacts {
  /** The largest window that a connection can get. */
  readonly windowBytes?: number;
  readonly hasScaling?: boolean;
  readonly congestion?: string;
}

/** What opening a connection to one address of a name took, several times. */
export interface AddressFacts {
  readonly address: string;
  readonly family: 4 | 6;
  /** From the first packet to the finished connection, one for each try that succeeded. */
  readonly connectMs: readonly number[];
  readonly failure?: Failure;
}

export interface TlsFacts {
  readonly version: string;
  /** From the finished connection to the finished handshake. */
  readonly handshakeMs: number;
  /** The same with the session of the first; undefined where the server resumes none. */
  readonly resumedMs?: number;
  /** Who vouches for the certificate, e.g. `Amazon RSA 2048 M03`. */
  readonly issuer: string;
  /** Whose CA stands at the upper end of its chain, e.g. `Zscaler Root CA (Zscaler Inc.)`. */
  readonly authority: string;
  /** Whether that CA is one of those that everybody's programs are delivered with. */
  readonly isPublic: boolean;
  /** As Node names what is wrong with the certificate; undefined when it is trusted. */
  readonly distrust?: string;
}

export interface AnswerFacts {
  readonly status: number;
  /** From the request on the wire to the head of its answer, connections being there. */
  readonly firstByteMs: number;
  /** How far the host's clock is ahead of ours; whole seconds are all that `Date` tells. */
  readonly clockAheadMs?: number;
  readonly rateLimit?: RateLimit;
  /** The host that it sent the request to; undefined where it answered itself. */
  readonly sendsTo?: string;
  /** Whether it gave the part that was asked for, and not everything. */
  readonly servesRanges?: boolean;
}

/** A stream that did not come to its end. */
export interface BrokenStream extends Failure {
  /** What had come of its body. */
  readonly bytes: number;
  /** Since it was asked for, until its end or its last byte. */
  readonly ms: number;
  /** It did not end: nothing came any more for so long. */
  readonly silentMs?: number;
}

/** What so many streams brought together. */
export interface GoodputFacts {
  readonly streams: number;
  readonly bytes: number;
  readonly ms: number;
  readonly bytesPerSecond: number;
  /** Streams that broke before the time was over. */
  readonly failures: readonly BrokenStream[];
  /** What the last answer said that had something to say. */
  readonly rateLimit?: RateLimit;
  /** Of the segments that this machine received meanwhile, those that came before one that was missing; Linux tells. */
  readonly outOfOrderShare?: number;
}

export type HostRole = 'hub' | 'content' | 'named';

/** What one origin (scheme, host, port) did when it was asked. What was not reached or not asked is absent. */
export interface HostFacts {
  readonly origin: string;
  readonly host: string;
  readonly role: HostRole;
  /** `host:port` of the proxy in between: addresses and connections are then the proxy's. */
  readonly proxy?: string;
  readonly names?: { readonly ms: number; readonly failure?: Failure };
  readonly resolvers: readonly ResolverFacts[];
  readonly addresses: readonly AddressFacts[];
  readonly ping?: PingFacts;
  readonly route?: RouteFacts;
  readonly tls?: TlsFacts;
  readonly answer?: AnswerFacts;
  readonly goodput: readonly GoodputFacts[];
  /** One stream for long, where that was asked for; and single streams again, where some had broken. */
  readonly repeats?: readonly GoodputFacts[];
  /** What ended the examination of this host. */
  readonly failure?: Failure;
}

/** A file with a known digest, fetched whole from one endpoint. */
export interface SpecimenFacts {
  readonly host: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** Undefined where it did not come, or not in time. */
  readonly isRight?: boolean;
  /** As in `AnswerFacts`. */
  readonly sendsTo?: string;
  readonly failure?: Failure;
}

/** A folder that bytes are to be written into. */
export interface DiskFacts {
  readonly path: string;
  readonly freeBytes?: number;
  readonly writeBytesPerSecond?: number;
  /** How long it took until a small file was safe. */
  readonly syncMs?: number;
  readonly hardLinks?: boolean;
  readonly symlinks?: boolean;
  readonly failure?: Failure;
  /** What is mounted there, as the kernel names it: `/dev/nvme0n1p2`, `ext4`. */
  readonly device?: string;
  readonly fileSystem?: string;
  /** What the user's quota leaves, where one is set and `quota` tells. */
  readonly quotaLeftBytes?: number;
  /** Of the time before we wrote, and of the time while we did, that the device had something to do (`%util`); Linux tells. */
  readonly busyShare?: number;
  readonly ownBusyShare?: number;
  readonly reflinks?: boolean;
  /** A file can take the place of another in one step. */
  readonly renames?: boolean;
  /** Of two who make the same file, the second is told. */
  readonly exclusive?: boolean;
  /** Of two processes that make the same files at the same time, each file is one's alone: what the store's leases rest on. */
  readonly keepsOut?: boolean;
  /** The same by `flock`, which other tools lock their caches with; absent where it is not installed. */
  readonly flocks?: boolean;
  readonly ignoresCase?: boolean;
  readonly longestNameBytes?: number;
}

/** One GPU, as the tool of its vendor tells. */
export interface GpuFacts {
  readonly name: string;
  readonly vendor: 'nvidia' | 'amd';
  readonly memoryBytes: number;
  readonly usedBytes: number;
  /** Of the last moment, that it had something to do. */
  readonly busyShare?: number;
  readonly driver?: string;
  /** The newest CUDA that the driver takes. */
  readonly cuda?: string;
}

/** The `python3` that a shell here would start. */
export interface PythonFacts {
  readonly version: string;
  /** Of those that run models: name and version. */
  readonly packages: Readonly<Record<string, string>>;
  /** The CUDA that PyTorch was built for; an empty string where it was built for none. */
  readonly torchCuda?: string;
}

export interface MachineFacts {
  readonly processors: number;
  readonly memoryBytes: number;
  /** What is left of the control groups' and the machine's memory. */
  readonly availableBytes?: number;
  readonly openFiles?: number;
  /** One core's SHA-256. */
  readonly hashBytesPerSecond: number;
  readonly kernel: KernelFacts;
  readonly disk: DiskFacts;
  /** Of the time before we wrote, that processors had nothing to do but wait for disks. */
  readonly waitShare?: number;
  readonly gpus?: readonly GpuFacts[];
  /** Looked for only where a model is asked about. */
  readonly python?: PythonFacts;
}

/** Everything that was measured, and nothing that was concluded. */
export interface Facts {
  /** What is to be brought, and how much of it; `sizeBytes` is assumed where no ref was given. */
  readonly job: { readonly sizeBytes: number; readonly isAssumed: boolean };
  readonly hosts: readonly HostFacts[];
  /** Of every endpoint that is set for the hub of the ref. */
  readonly specimens?: readonly SpecimenFacts[];
  /** Hosts of those endpoints. */
  readonly endpoints?: readonly string[];
  readonly machine: MachineFacts;
  /** Where the ref is of a repository with weights. */
  readonly model?: ModelFacts;
}
