import type { Command } from 'commander';
import type { ExitCode } from '../../base/index.js';
import type { CauseCode, Report } from '../../doctor/index.js';
import type { CommandContext, Session } from '../context.js';
import { addNetworkOptions, settingFlags } from '../options.js';
import { renderDiagnosis } from '../render/diagnosis.js';
import { stepTeller } from '../render/step-teller.js';
import { addRemedyOptions, isAboutRemedies, mend, type RemedyFlags } from './doctor-remedies.js';

export function configure(command: Command, context: CommandContext): void {
  addNetworkOptions(command, context);
  addRemedyOptions(command, context);
  command
    .argument('[ref|host]', context.say('argument.subject'))
    .option('--long', context.say('option.long'))
    .option('--json', context.say('option.json'))
    .action(async (subject: string | undefined) => {
      const options: RemedyFlags & { long?: boolean } = command.optsWithGlobals();
      const isRemedy = isAboutRemedies(options);
      const session = await context.open(settingFlags(options));
      if (isRemedy) return mend(subject, options, session, context);
      const tell = options.json ? () => undefined : stepTeller(session, context);
      const report = await (
        await session.api()
      )
        .examine(subject, { ...session.pullContext(), tell, isLong: options.long === true })
        .finally(() => tell('', ''));
      if (options.json) session.print(JSON.stringify(report));
      else for (const line of renderDiagnosis(report, session.out, columnsOf(session))) session.print(line);
      context.leaveWith(exitOf(report));
    });
}

/** Programs read `--json`: what is piped is for people, who paste it into an issue. */
function columnsOf(session: Session): number {
  const columns = session.outColumns();
  return Number.isFinite(columns) ? columns : USUAL_COLUMNS;
}

const USUAL_COLUMNS = 80;

const OF_THIS_MACHINE: ReadonlySet<CauseCode> = new Set([
  'DISK_FULL',
  'QUOTA_FULL',
  'NOT_WRITABLE',
  'SLOW_DISK',
  'SLOW_HASH',
]);

/** 0 where nothing needs doing; otherwise by what stands first: 4 not allowed, 8 this machine, 7 the network. */
function exitOf({ findings }: Report): ExitCode {
  const first = findings.find(({ severity }) => severity !== 'risks');
  if (first === undefined) return 0;
  if (first.cause === 'NOT_ALLOWED') return 4;
  return first.severity === 'unfit' || OF_THIS_MACHINE.has(first.cause) ? 8 : 7;
}
