import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { Duplex } from 'node:stream';

import { printable } from '../base/index.js';
import type { SshProxy } from './parse-proxy.js';
import { proxyRefusal } from './proxy-refusal.js';

const MAX_COMPLAINT_CHARACTERS = 4096;
/** Of what `ssh` said; its last words name the cause. */
const SHOWN_LINES = 2;

/**
 * A connection that the system's own `ssh` forwards (`-W`), with the keys, agents, known hosts and jumps of its configuration. It is destroyed
 * with a SluiceError PROXY when `ssh` ends before a byte came through; destroying it ends the process.
 */
export class SshTunnel extends Duplex {
  readonly #proxy: SshProxy;
  readonly #child: ChildProcessWithoutNullStreams;
  #complaint = '';
  #hasAnswered = false;

  /** `authority` is `host:port`, an IPv6 address in brackets. */
  constructor(proxy: SshProxy, authority: string, connectTimeoutMs: number) {
    super();
    this.#proxy = proxy;
    this.#child = spawn('ssh', sshArguments(proxy, authority, connectTimeoutMs), { stdio: 'pipe', windowsHide: true });
    this.#listen();
  }

  /** Of the process, where it could be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  /** Writing fails only because the process ends: its last words say more about that. */
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.kill();
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
    done(error);
  }

  #listen(): void {
    const { stdin, stdout, stderr } = this.#child;
    for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);
    stdout.on('data', (chunk: Buffer) => {
      if (!this.#hasAnswered) this.emit('answered');
      this.#hasAnswered = true;
      if (!this.push(chunk)) stdout.pause();
    });
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-MAX_COMPLAINT_CHARACTERS);
    });
    this.#child.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'there is no program `ssh` here' : error.message;
      this.destroy(proxyRefusal(this.#proxy, reason));
    });
    // Comes after the last byte of all three.
    this.#child.on('close', (code) => this.#end(code));
  }

  #end(code: number | null): void {
    if (this.destroyed) return;
    if (code === 0) this.push(null);
    else if (this.#hasAnswered) this.destroy(Object.assign(new Error('ssh ended'), { code: 'ECONNRESET' }));
    else this.destroy(proxyRefusal(this.#proxy, this.#reason(code)));
  }

  #reason(code: number | null): string {
    const lines = this.#complaint.split('\n').flatMap((line) => (line.trim() === '' ? [] : [printable(line.trim())]));
    return lines.length > 0 ? lines.slice(-SHOWN_LINES).join(' ') : `ssh ended${code === null ? '' : ` with ${code}`}`;
  }
}

function sshArguments(proxy: SshProxy, authority: string, connectTimeoutMs: number): readonly string[] {
  return [
    ...['-W', authority],
    // There is nobody to ask for a password or about an unknown host.
    ...['-o', 'BatchMode=yes'],
    ...['-o', `ConnectTimeout=${Math.ceil(connectTimeoutMs / 1000)}`],
    ...(proxy.port === undefined ? [] : ['-p', String(proxy.port)]),
    ...(proxy.user === undefined ? [] : ['-l', proxy.user]),
    ...['--', proxy.hostname],
  ];
}
