import type { Command } from 'commander';
import { SluiceError, type EventSink } from '../../base/index.js';
import type { CommandContext } from '../context.js';
import { addNetworkOptions, repeatable, settingFlags, type SettingOptions } from '../options.js';
import { givenPieces, type PullOptions } from '../pull-requests.js';
import { createEventView } from '../render/event-view.js';
import { renderRepair } from '../render/verification.js';
import { createVerifyProgress } from '../render/verify-progress.js';
import { tokenHub } from '../ref-list.js';

export function configure(command: Command, context: CommandContext): void {
  command.argument('[ref-or-path]', context.say('argument.refOrPath'));
  addNetworkOptions(command, context);
  command
    .option('--pieces <file|url>', context.say('option.pieceList'))
    .addOption(repeatable('--trust-key <key>', context.say('option.trustKey')))
    .addOption(repeatable('--source <url>', context.say('option.source')))
    .option('--json', context.say('option.json'))
    .option('-q, --quiet', context.say('option.quiet'))
    .action(async (target: string | undefined) => {
      const options: SettingOptions & Pick<PullOptions, 'pieces' | 'trustKey' | 'source' | 'json' | 'quiet'> =
        command.optsWithGlobals();
      const session = await context.open(settingFlags(options, tokenHub(target === undefined ? [] : [target], 'en')));
      const quiet = options.quiet ?? options.json ?? false;
      const view = createEventView(session, context.host, { quiet });
      const progress = createVerifyProgress(session.err, context.host.stderr, context.host.now, !quiet);
      const emit: EventSink = (event) => {
        progress.settle();
        view.emit(event);
      };
      const settle = (): void => {
        progress.settle();
        view.settle();
      };
      const api = await session.api();
      const given = { sources: options.source ?? [], ...givenPieces(options, context.host) };
      const report = await api.repair(target, session.pullContext(emit), progress.told, given).finally(settle);
      if (options.json) session.print(JSON.stringify(report));
      else if (!options.quiet)
        for (const line of renderRepair(report, session.out, session.outColumns())) session.print(line);
      const bad = report.left.filter((finding) => finding.problem !== 'unknown');
      if (bad.length > 0)
        context.fail(new SluiceError('CORRUPT_STORE', { count: bad.length, total: report.files }), report.target);
    });
}
