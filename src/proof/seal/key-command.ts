import { spawn } from 'node:child_process';
import { SluiceError } from '../../base/index.js';

const MOST_OUTPUT_BYTES = 2 ** 16;
const PATIENCE_MS = 120_000;

export interface KeyCommandInput {
  readonly operation: 'wrap' | 'unwrap';
  /** Of the sealed file, base64. */
  readonly fileId: string;
  /** What it reads: the file key, or what it gave for it earlier. */
  readonly bytes: Buffer;
  /** How long it may take; two minutes when nothing is said, for some ask a person. */
  readonly patienceMs?: number;
}

/**
 * Has a program of the user's wrap or unwrap a file key, as a key management service would: it reads the bytes from standard input and writes the others to standard output.
 * The line goes to the shell as the user wrote it; nothing of a sealed file becomes part of it.
 * @throws SluiceError WRONG_KEY when it fails or says nothing; the signal's reason
 */
export async function runKeyCommand(command: string, input: KeyCommandInput, signal?: AbortSignal): Promise<Buffer> {
  signal?.throwIfAborted();
  const env = { ...process.env, SLUICE_KEY_OPERATION: input.operation, SLUICE_FILE_ID: input.fileId };
  const child = spawn(command, { shell: true, env, stdio: ['pipe', 'pipe', 'pipe'] });
  const refuse = (reason: string): SluiceError => new SluiceError('WRONG_KEY', { path: 'the key command', reason });
  const { patienceMs = PATIENCE_MS } = input;
  return new Promise<Buffer>((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    let said = '';
    const over = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
    const end = (error: unknown): void => {
      over();
      child.kill('SIGKILL');
      // What the shell has started outlives it and holds these open: nobody waits for it, and nothing more of it is taken.
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
      child.unref();
      reject(error instanceof Error ? error : refuse(String(error)));
    };
    const stop = (): void => end(signal?.reason);
    const timer = setTimeout(() => end(refuse(`it took longer than ${patienceMs / 1000} s`)), patienceMs);
    signal?.addEventListener('abort', stop, { once: true });
    child.on('error', (error) => end(refuse(error.message)));
    // One that never reads may end before everything is written to it.
    child.stdin.on('error', () => undefined).end(input.bytes);
    child.stdout.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > MOST_OUTPUT_BYTES) end(refuse(`it gave more than ${MOST_OUTPUT_BYTES} bytes`));
      else parts.push(part);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-1024)));
    child.on('close', (code) => {
      if (code !== 0) end(refuse(`it ended with ${code ?? 'a signal'}: ${said.trim()}`));
      else if (bytes === 0) end(refuse('it gave nothing'));
      else {
        over();
        resolve(Buffer.concat(parts));
      }
    });
  });
}
