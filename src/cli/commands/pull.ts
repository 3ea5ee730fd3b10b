import type { Command } from 'commander';
import { toSluiceError, type SluiceEvent } from '../../base/index.js';
import type { PullOutcome, PullRequest } from '../../pull/index.js';
import type { CommandContext, Session } from '../context.js';
import { repeatable } from '../options.js';
import { addPullOptions, openPull, type PullOptions } from '../pull-requests.js';
import { createEventView, type EventView } from '../render/event-view.js';
import { say } from '../texts/index.js';
import { showPlans } from './plan.js';

export function configure(command: Command, context: CommandContext): void {
  addPullOptions(command, context);
  command
    .addOption(repeatable('--key <key>', context.say('option.key')))
    .option('--dry-run', context.say('option.dryRun'))
    .option('--json', context.say('option.json'))
    .option('-q, --quiet', context.say('option.quiet'))
    .action(async (refs: readonly string[]) => {
      const options: PullOptions = command.optsWithGlobals();
      const { session, requests } = await openPull(refs, options, context);
      if (options.dryRun) await showPlans(requests, session, options, context);
      else await pullAll(requests, session, options, context);
    });
}

/** Every ref is tried; the first failure gives the exit code. Only an interruption ends the row. */
async function pullAll(
  requests: readonly PullRequest[],
  session: Session,
  options: PullOptions,
  context: CommandContext,
): Promise<void> {
  const api = await session.api();
  const view = createEventView(session, context.host, options);
  let done = 0;
  const { signal } = context.host;
  for (const request of requests) {
    const ending = watchEnding(view);
    try {
      const outcome = await api.pull(request, session.pullContext(ending.emit));
      ending.done(outcome);
      view.settle();
      if (!options.json) session.print(outcome.path);
      done += 1;
    } catch (thrown) {
      const error = toSluiceError(signal.aborted ? signal.reason : thrown);
      ending.failed(request.ref, error.code, error.exitCode, error.message);
      view.settle();
      context.fail(error, requests.length > 1 ? request.ref : undefined);
      if (error.code === 'INTERRUPTED') break;
    }
  }
  if (requests.length > 1 && !options.json && !options.quiet) {
    const counts = { done, total: requests.length, failed: requests.length - done };
    session.printError(say(session.lang, 'pull.summary', counts));
  }
}

/** Sees to it that a pull's events end with exactly one `pull.done` or `pull.failed`, whoever reports it first. */
function watchEnding(view: EventView) {
  let ended = false;
  const emit = (event: SluiceEvent): void => {
    const ends = event.type === 'pull.done' || event.type === 'pull.failed';
    if (ends && ended) return;
    ended ||= ends;
    view.emit(event);
  };
  return {
    emit,
    done: ({ id, ref, path, files, bytes, fetchedBytes, copiedBytes, requests, ms }: PullOutcome) =>
      emit({ type: 'pull.done', ref, id, path, files, bytes, fetchedBytes, copiedBytes, requests, ms }),
    failed: (ref: string, code: Extract<SluiceEvent, { type: 'pull.failed' }>['code'], exit: number, message: string) =>
      emit({ type: 'pull.failed', ref, code, exit, message }),
  };
}
