import { resolve } from 'node:path';
import type { Command } from 'commander';
import { WRONG_SIGNATURE } from '../../admission/index.js';
import { SluiceError } from '../../base/index.js';
import type { AdmissionReport } from '../api.js';
import type { CommandContext } from '../context.js';
import { addNetworkOptions, repeatable, settingFlags, type SettingOptions } from '../options.js';
import { renderAdmission } from '../render/admission.js';
import { say } from '../texts/index.js';

interface AdmitFlags extends SettingOptions {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly allow?: readonly string[];
  readonly signature?: readonly string[];
  readonly again?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function configure(command: Command, context: CommandContext): void {
  command
    .argument('[ref-or-path]', context.say('argument.refOrPath'))
    .option('--policy <file>', context.say('option.policy'))
    .addOption(repeatable('--signature <file>', context.say('option.signature')))
    .addOption(repeatable('--allow <rule>', context.say('option.allow')))
    .option('--again', context.say('option.again'))
    .option('--include <patterns...>', context.say('option.include'))
    .option('--exclude <patterns...>', context.say('option.exclude'))
    .option('--json', context.say('option.json'))
    .option('-q, --quiet', context.say('option.quiet'));
  addNetworkOptions(command, context);
  command.action(async (target: string | undefined) => {
    const options: AdmitFlags = command.optsWithGlobals();
    const session = await context.open(settingFlags(options));
    const api = await session.api();
    const { include = [], exclude = [], allow = [] } = options;
    if (target === undefined && options.again !== true)
      throw new SluiceError('USAGE', { reason: say(session.lang, 'usage.admitWhat') });
    const signatures = (options.signature ?? []).map((path) => resolve(context.host.cwd, path));
    const request = { ref: target ?? '', include, exclude, sources: [], allow, signatures };
    const reports: readonly AdmissionReport[] =
      options.again === true
        ? await api.admitAgain(target, session.pullContext())
        : [await api.admit(request, session.pullContext())];
    for (const [index, report] of reports.entries()) {
      if (options.json) session.print(JSON.stringify(report));
      else if (!options.quiet) {
        if (index > 0) session.print('');
        for (const line of renderAdmission(report, session.out, session.outColumns())) session.print(line);
      }
    }
    if (reports.length === 0) session.printError(say(session.lang, 'admit.nothing'));
    const refused = reports.flatMap(({ decision }) => decision.reasons.filter(({ verdict }) => verdict === 'refuse'));
    // As a pull of it ends.
    if (refused.length > 0) context.leaveWith(refused.some(({ rule }) => rule === WRONG_SIGNATURE) ? 5 : 6);
  });
}
