import type { EventSink } from '../../base/index.js';
import type { Session } from '../context.js';
import type { Host } from '../host.js';
import { createLiveView } from './live-view.js';
import { createPlainView } from './plain-view.js';

/** A reader of events that shows them. */
export interface EventView {
  readonly emit: EventSink;
  /** Takes anything that moves off the screen; what comes after is printed below what stays. */
  readonly settle: () => void;
}

export interface ViewOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function createEventView(session: Session, host: Host, options: ViewOptions): EventView {
  if (options.json) return createJsonView(host);
  if (options.quiet) return { emit: () => undefined, settle: () => undefined };
  const { progress } = session.loaded.settings;
  const terminal = host.stderr.isTTY === true && host.env.TERM !== 'dumb';
  return terminal && progress !== 'plain'
    ? createLiveView(session.err, host.stderr, host.now)
    : createPlainView(session.err, host.stderr, host.now);
}

/** One event per line, with the time at which it was seen. */
function createJsonView(host: Host): EventView {
  return {
    emit: (event) => {
      host.stdout.write(`${JSON.stringify({ at: new Date(host.now()).toISOString(), ...event })}\n`);
    },
    settle: () => undefined,
  };
}
