import { isatty } from 'node:tty';
import { SluiceError, detectLang } from '../base/index.js';
import { connect } from './connect.js';
import type { Host } from './host.js';
import { restoreTerminal } from './render/cursor.js';
import { run } from './run.js';
import { say } from './texts/index.js';

/** Work under way gets this long to put its journal down after the first Ctrl-C. */
const GRACE_MS = 800;

const controller = new AbortController();
let onHangup: (() => void) | undefined;
const interrupt = (): void => {
  if (controller.signal.aborted) process.exit(130);
  controller.abort(new SluiceError('INTERRUPTED'));
  if (onHangup !== undefined) return;
  setTimeout(() => {
    restoreTerminal(process.stderr);
    process.stderr.write(`\n${say(detectLang(process.env), 'interrupted.kept')}\n`, () => process.exit(130));
  }, GRACE_MS).unref();
};
process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);
// Node forgets that `nohup` had this signal ignored. Without a terminal there is none to lose: the work goes on.
const hasTerminal = [0, 1, 2].some((fd) => isatty(fd));
process.on('SIGHUP', () => {
  if (onHangup !== undefined) onHangup();
  else if (hasTerminal) interrupt();
});
process.on('exit', () => restoreTerminal(process.stderr));

// A reader that went away (`| head`) ends what streams to it; nobody is left to be told.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' && !controller.signal.aborted) controller.abort(new SluiceError('INTERRUPTED'));
});
process.stderr.on('error', () => undefined);

const host: Host = {
  env: process.env,
  cwd: process.cwd(),
  platform: process.platform,
  stdout: process.stdout,
  stderr: process.stderr,
  // Node opens it when it is first looked at.
  get stdin() {
    return process.stdin;
  },
  signal: controller.signal,
  now: Date.now,
  beService: (listener) => (onHangup = listener),
};
const args = process.argv.slice(2);
// `npm start` alone shows what Sluice does; `sluice` alone shows how it is used.
const byNpmStart = args.length === 0 && process.env.npm_lifecycle_event === 'start';
void run(byNpmStart ? ['demo'] : args, host, connect).then((exit) => {
  // Idle sockets must not keep the process; what was written must get out first.
  process.exitCode = exit;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(exit)));
});
