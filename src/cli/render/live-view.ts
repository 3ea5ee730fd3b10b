import type { OutputStream } from '../host.js';
import { hideCursor, restoreTerminal } from './cursor.js';
import type { EventView } from './event-view.js';
import { renderFrame } from './frame.js';
import { layLine } from './line.js';
import type { Look } from './look.js';
import { createMilestones } from './milestones.js';
import { createNotices } from './notices.js';
import { EMPTY_STATE, reduce } from './progress-state.js';
import { displayWidth } from './width.js';

/** Twelve frames a second: smooth to the eye, and nothing beside a transfer. */
const FRAME_MS = 80;

/** The live block at the bottom of the terminal, with lines that stay scrolling up above it. Every change is one write. */
export function createLiveView(look: Look, stream: OutputStream, now: () => number): EventView {
  const milestones = createMilestones(look);
  const notices = createNotices(look.lang, now);
  let state = EMPTY_STATE;
  let block: readonly string[] = [];
  let lastDrawMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const columns = (): number => stream.columns ?? 80;

  const draw = (above: readonly string[] = []): void => {
    clearTimeout(timer);
    timer = undefined;
    lastDrawMs = now();
    const next = renderFrame(state, columns(), stream.rows ?? 24, look);
    if (next.length > 0) hideCursor(stream);
    stream.write(repaint(block, above, next, columns()));
    if (next.length === 0) restoreTerminal(stream);
    block = next;
  };
  const soon = (): void => {
    timer ??= setTimeout(draw, Math.max(0, lastDrawMs + FRAME_MS - now())).unref();
  };
  const onResize = (): void => draw();
  stream.on?.('resize', onResize);

  return {
    emit: (event) => {
      state = reduce(state, event);
      const notice = notices(event);
      const lines = notice === undefined ? milestones(event) : [notice];
      if (lines.length > 0) draw(lines.flatMap((line) => layLine(line, look, columns())));
      else if (event.type === 'progress' || state.ended) soon();
    },
    settle: () => {
      state = EMPTY_STATE;
      draw();
    },
  };
}

/** What turns the block on the screen into the next one. The width may have changed since: then lines have been folded. */
function repaint(block: readonly string[], above: readonly string[], next: readonly string[], columns: number): string {
  const up = block.reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0);
  const start = up > 0 ? `\r\u001b[${up}A` : '\r';
  const body = [...above, ...next].map((line) => `${line}\u001b[K\n`).join('');
  return `\u001b[?2026h${start}${body}\u001b[J\u001b[?2026l`;
}
