import { SluiceError } from '../../../base/index.js';
import type { VirtualProfile } from './profile.js';
import type { VirtualRun } from './virtual-file.js';

/** A window of ten segments, as TCP begins. */
const FIRST_WINDOW_BYTES = 14_600;

interface Connection {
  readonly isSlow: boolean;
  /** What may be under way at once. */
  windowBytes: number;
}

/** One request on the wire. */
export interface VirtualRequest {
  readonly run: VirtualRun;
  readonly connection: Connection;
  readonly answerAtMs: number;
  readonly resetAfterBytes: number;
  /** How many had been asked for, with this one. */
  readonly number: number;
  isFlowing: boolean;
  ended?: { readonly error?: SluiceError };
}

/** A server and its line, moved on in small steps of time. */
export class VirtualSource {
  readonly id: string;
  readonly profile: VirtualProfile;
  readonly requests = new Set<VirtualRequest>();
  sentBytes = 0;
  /** When it became as its profile's `late` says. */
  lateSinceMs: number | undefined;
  asked = 0;
  /** Until then it asked not to be asked. */
  closedUntilMs = 0;
  connections = 0;
  readonly #random: () => number;
  readonly #idle: Connection[] = [];
  #window = { startMs: -Infinity, passed: 0 };

  constructor(id: string, profile: VirtualProfile, random: () => number) {
    this.id = id;
    this.profile = profile;
    this.#random = random;
  }

  get isDead(): boolean {
    return this.sentBytes >= (this.profile.dieAfterBytes ?? Infinity);
  }

  get isStalled(): boolean {
    return this.sentBytes >= (this.profile.stallAfterBytes ?? Infinity);
  }

  get roundTripMs(): number {
    const { late, roundTripMs } = this.profile;
    return (this.lateSinceMs === undefined ? undefined : late?.roundTripMs) ?? roundTripMs;
  }

  ask(run: VirtualRun, nowMs: number): VirtualRequest {
    this.asked += 1;
    const kept = this.#takeIdle();
    const trips = kept === undefined ? 2 : 1;
    const { late } = this.profile;
    const resetShare = (this.lateSinceMs === undefined ? undefined : late?.resetShare) ?? this.profile.resetShare ?? 0;
    const request: VirtualRequest = {
      run,
      connection: kept ?? this.#dial(),
      answerAtMs: nowMs + trips * this.roundTripMs,
      resetAfterBytes: this.#random() < resetShare ? this.#random() * run.leftBytes : Infinity,
      number: this.asked,
      isFlowing: false,
    };
    this.requests.add(request);
    return request;
  }

  /** Heads of answers, and what they refuse. */
  answer(nowMs: number): void {
    if (this.isDead) {
      for (const request of this.requests) {
        if (!request.isFlowing && nowMs < request.answerAtMs) continue;
        const code = request.isFlowing ? 'RESET' : 'CONNECT';
        request.ended = { error: new SluiceError(code, { host: this.id, reason: 'dead' }) };
      }
      return;
    }
    if (this.isStalled) return;
    for (const request of this.requests) {
      if (request.isFlowing || nowMs < request.answerAtMs || request.ended !== undefined) continue;
      // Nobody hears what it would say.
      if (request.run.isAborted) continue;
      const error = this.#refusal(request, nowMs);
      if (error === undefined) request.isFlowing = true;
      else request.ended = { error };
    }
  }

  /** What each flowing request could take in a step, before they share. */
  demand(request: VirtualRequest, stepMs: number): number {
    const { connectionRate = Infinity, slowRate, jitter = 0 } = this.profile;
    const own = request.connection.isSlow ? (slowRate ?? connectionRate) : connectionRate;
    const window = (request.connection.windowBytes / Math.max(0.1, this.roundTripMs)) * 1000;
    const varied = 1 + jitter * (2 * this.#random() - 1);
    return (Math.min(own, window) * varied * stepMs) / 1000;
  }

  /** What it can send in a step. */
  supply(stepMs: number): number {
    if (this.isStalled || this.isDead) return 0;
    const { totalRate = Infinity, collapse } = this.profile;
    const flowing = [...this.requests].filter(({ isFlowing }) => isFlowing).length;
    const share = collapse !== undefined && flowing > collapse.beyond ? collapse.share : 1;
    return (totalRate * share * stepMs) / 1000;
  }

  deliver(request: VirtualRequest, bytes: number, nowMs: number): void {
    const { run, connection } = request;
    const upToReset = request.resetAfterBytes - run.receivedBytes;
    const count = Math.max(0, Math.floor(Math.min(bytes, run.leftBytes, upToReset)));
    this.sentBytes += count;
    if (this.sentBytes >= (this.profile.late?.afterBytes ?? Infinity)) this.lateSinceMs ??= nowMs;
    connection.windowBytes += count;
    if (run.receive(count, nowMs)) request.ended = {};
    else if (count >= upToReset - 1) {
      request.ended = { error: new SluiceError('RESET', { host: this.id, reason: 'the line' }) };
    }
  }

  /** The connection is kept when the answer came to its end. */
  over(request: VirtualRequest): void {
    this.requests.delete(request);
    const isWhole = request.ended?.error === undefined && request.run.isOver && request.run.last === request.run.asked;
    const isRefusal = request.ended?.error !== undefined && !request.isFlowing && !this.isDead;
    if ((isWhole || isRefusal) && !request.run.isAborted) this.#idle.push(request.connection);
  }

  /** The one used last, unless it is a slow one and another is not. */
  #takeIdle(): Connection | undefined {
    const good = this.#idle.findLastIndex(({ isSlow }) => !isSlow);
    return good < 0 ? this.#idle.pop() : this.#idle.splice(good, 1)[0];
  }

  #dial(): Connection {
    this.connections += 1;
    const { slowShare = 0 } = this.profile;
    return { isSlow: this.#random() < slowShare, windowBytes: FIRST_WINDOW_BYTES };
  }

  #refusal(request: VirtualRequest, nowMs: number): SluiceError | undefined {
    const { refuseBeyond = Infinity, refuseWindow, failEvery, retryAfterMs } = this.profile;
    const told = retryAfterMs === undefined ? {} : { retryAfterMs };
    const flowing = [...this.requests].filter(({ isFlowing }) => isFlowing).length;
    if (refuseWindow !== undefined) {
      if (nowMs - this.#window.startMs >= refuseWindow.windowMs) this.#window = { startMs: nowMs, passed: 0 };
      this.#window.passed += 1;
    }
    const isOverWindow = refuseWindow !== undefined && this.#window.passed > refuseWindow.requests;
    const isFailing = failEvery !== undefined && request.number % failEvery === 0;
    if (flowing < refuseBeyond && !isOverWindow && !isFailing) return undefined;
    if (retryAfterMs !== undefined) this.closedUntilMs = Math.max(this.closedUntilMs, nowMs + retryAfterMs);
    if (isFailing) return new SluiceError('SERVER_ERROR', { host: this.id, status: 503 }, told);
    return new SluiceError('RATE_LIMITED', { host: this.id }, told);
  }
}
