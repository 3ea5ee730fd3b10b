import { SluiceError, toSluiceError } from '../../base/index.js';
import { gateKey, type HostGate, type ResponseHead } from '../../net/index.js';
import type { BlobMaker } from '../../store/index.js';
import { plainFailure } from '../carry/plain-failure.js';
import { Slot } from '../carry/slot.js';
import type { SmallBuffers } from '../files/small-buffers.js';
import { hostOf } from '../request/check-answer.js';
import type { WireMeans } from '../request/perform.js';
import type { BatchEnd, BatchFile, BatchOrder, FileReport } from './messages.js';
import { SmallBody } from './small-body.js';

export interface CourierMeans extends WireMeans {
  readonly maker: BlobMaker;
  readonly buffers: SmallBuffers;
  /** What hosts said to anybody in this thread. */
  readonly gate: HostGate;
}

export interface OrderTell {
  report(report: FileReport): void;
  redirect(at: number, target: string, head: ResponseHead): void;
  pause(head: ResponseHead): void;
}

/** An order ends when it has taken so long, however much of it is left: a slow connection is not to keep what others could bring. */
const ORDER_MS = 300;

/**
 * Brings the files of an order by one connection, each proven and stored while the next one comes. Whatever is unusual about a file is left to the
 * caller; what speaks against the host, or against asking on, ends the order. Never rejects.
 */
export async function runOrder(
  means: CourierMeans,
  order: BatchOrder,
  tell: OrderTell,
  signal: AbortSignal,
): Promise<BatchEnd> {
  const run = new OrderRun(means, order, tell, signal);
  await run.go();
  return run.end();
}

class OrderRun {
  readonly #means: CourierMeans;
  readonly #order: BatchOrder;
  readonly #tell: OrderTell;
  readonly #signal: AbortSignal;
  readonly #slot: Slot;
  readonly #storing = new Set<Promise<void>>();
  #requests = 0;
  #trouble: Omit<BatchEnd, 'requests'> | undefined;

  constructor(means: CourierMeans, order: BatchOrder, tell: OrderTell, signal: AbortSignal) {
    this.#means = means;
    this.#order = order;
    this.#tell = tell;
    this.#signal = signal;
    this.#slot = new Slot(order.slot);
  }

  end(): BatchEnd {
    return { ...this.#trouble, requests: this.#requests };
  }

  async go(): Promise<void> {
    const { files, looksFirst } = this.#order;
    const startedMs = performance.now();
    for (const [at, file] of files.entries()) {
      if (this.#signal.aborted || this.#trouble !== undefined) break;
      if (performance.now() - startedMs > ORDER_MS || this.#means.gate.pauseMs(gateKey(file.url)) > 0) break;
      try {
        if (looksFirst && (await this.#isHere(at, file))) continue;
        await this.#bring(at, file);
      } catch (thrown) {
        this.#failed(at, thrown);
      }
    }
    await Promise.all(this.#storing);
  }

  async #isHere(at: number, { digests, sizeBytes }: BatchFile): Promise<boolean> {
    const { state, sha256 } = await this.#means.maker.look({ digests, sizeBytes });
    if (sha256 === undefined || state === 'absent') return false;
    this.#tell.report(state === 'proven' ? { kind: 'here', at, sha256 } : { kind: 'odd', at });
    return true;
  }

  async #bring(at: number, file: BatchFile): Promise<void> {
    const { buffers } = this.#means;
    const buffer = await buffers.lend(this.#signal);
    const bytes = buffer.subarray(0, file.sizeBytes);
    let storing: Promise<void> | undefined;
    try {
      const startedMs = performance.now();
      this.#slot.stirred();
      if (await this.#fetch(at, file, bytes))
        storing = this.#store(at, file, bytes, Math.round(performance.now() - startedMs));
    } finally {
      if (storing === undefined) buffers.giveBack(buffer);
    }
    if (storing === undefined) return;
    const stored = storing
      .catch((thrown: unknown) => this.#failed(at, thrown))
      .finally(() => {
        buffers.giveBack(buffer);
        this.#storing.delete(stored);
      });
    this.#storing.add(stored);
  }

  /** False for an answer that is no 2xx. */
  async #fetch(at: number, file: BatchFile, bytes: Buffer): Promise<boolean> {
    const { transport, limiter, gate } = this.#means;
    const { source, headers, credentials } = this.#order;
    const { url, path, sizeBytes } = file;
    const note = (head: ResponseHead): void => {
      if (gate.note(gateKey(head.url), head) > 0) this.#tell.pause(head);
    };
    const asked = { path, source, sizeBytes };
    const body = new SmallBody({ asked, bytes, slot: this.#slot, limiter, signal: this.#signal, onHead: note });
    await transport.get(
      {
        url,
        ...(headers === undefined ? {} : { headers }),
        ...(credentials === undefined ? {} : { credentials }),
        signal: this.#signal,
        onWire: () => {
          this.#requests += 1;
          this.#slot.asked();
        },
        onRedirect: (target, head) => {
          note(head);
          this.#tell.redirect(at, target, head);
        },
      },
      body,
    );
    if (body.refusal !== undefined) {
      this.#refused(at, body.refusal);
      return false;
    }
    if (!body.isWhole) throw new SluiceError('RESET', { host: hostOf(url), reason: 'the answer ended early' });
    return true;
  }

  async #store(at: number, { digests }: BatchFile, bytes: Buffer, ms: number): Promise<void> {
    const { maker } = this.#means;
    const verdict = maker.prove(bytes, digests);
    const { sha256, checks, mismatch } = verdict;
    if (mismatch !== undefined) {
      this.#tell.report({ kind: 'wrong', at, mismatch });
      return;
    }
    await maker.put(bytes, verdict);
    this.#tell.report({ kind: 'stored', at, sha256, checks, ms });
  }

  #refused(at: number, refusal: ResponseHead): void {
    const { status } = refusal;
    if (status === 408 || status === 425 || status === 429 || status >= 500) this.#trouble ??= { at, refusal };
    else this.#tell.report({ kind: 'odd', at });
  }

  #failed(at: number, thrown: unknown): void {
    if (this.#signal.aborted) return;
    const { code, retry } = toSluiceError(thrown);
    // What may pass by itself is the host's or the line's; a full disk is everybody's.
    if (retry === 'later' || code === 'DISK_FULL') this.#trouble ??= { at, failure: plainFailure(thrown) };
    else this.#tell.report({ kind: 'odd', at });
  }
}
