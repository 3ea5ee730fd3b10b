import net from 'node:net';

/** @throws the system's error; ETIMEDOUT after `timeoutMs` */
export async function timeConnect(
  target: { readonly address: string; readonly port: number },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ readonly ms: number; readonly socket: net.Socket }> {
  const startedMs = performance.now();
  const socket = net.connect({ host: target.address, port: target.port, noDelay: true });
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error(`no answer in ${timeoutMs / 1000} s`), { code: 'ETIMEDOUT' })),
    timeoutMs,
  );
  const stop = (): void => void socket.destroy(new Error('interrupted'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    return { ms: performance.now() - startedMs, socket };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
