import type { Command } from 'commander';
import type { PlanSummary } from '../../base/index.js';
import type { PullRequest } from '../../pull/index.js';
import type { CommandContext, Session } from '../context.js';
import { addPullOptions, openPull, type PullOptions } from '../pull-requests.js';
import { renderPlan } from '../render/plan.js';

export function configure(command: Command, context: CommandContext): void {
  addPullOptions(command, context);
  command.option('--json', context.say('option.json')).action(async (refs: readonly string[]) => {
    const options: PullOptions = command.optsWithGlobals();
    const { session, requests } = await openPull(refs, options, context);
    await showPlans(requests, session, options, context);
  });
}

/** Every ref is tried; the first failure gives the exit code. */
export async function showPlans(
  requests: readonly PullRequest[],
  session: Session,
  options: PullOptions,
  context: CommandContext,
): Promise<void> {
  const api = await session.api();
  for (const request of requests) {
    try {
      const plan: PlanSummary = await api.plan(request, session.pullContext());
      if (options.json) session.print(JSON.stringify({ ref: request.ref, ...plan }));
      else for (const line of renderPlan(request.ref, plan, session.out, session.outColumns())) session.print(line);
    } catch (thrown) {
      context.fail(thrown, requests.length > 1 ? request.ref : undefined);
    }
  }
}
