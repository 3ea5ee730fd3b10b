import type { Command } from 'commander';
import { formatBytes } from '../../base/index.js';
import type { CommandContext } from '../context.js';
import { settingFlags, type SettingOptions } from '../options.js';
import { say } from '../texts/index.js';

export function configure(command: Command, context: CommandContext): void {
  command
    .argument('<refs...>', context.say('argument.ref'))
    .option('--dry-run', context.say('option.dryRun'))
    .option('--json', context.say('option.json'))
    .action(async (refs: readonly string[]) => {
      const options: SettingOptions & { json?: boolean; dryRun?: boolean } = command.optsWithGlobals();
      const session = await context.open(settingFlags(options));
      const api = await session.api();
      for (const ref of refs) {
        try {
          const report = await api.removeModel(ref, session.pullContext(), { dryRun: options.dryRun ?? false });
          if (options.json) {
            session.print(JSON.stringify(report));
            continue;
          }
          const values = { ref: report.ref, entries: report.entries.length, freed: formatBytes(report.freedBytes) };
          session.print(say(session.lang, report.applied ? 'rm.done' : 'rm.would', values));
          if (report.sharedBytes > 0) {
            session.print(`  ${say(session.lang, 'rm.shared', { bytes: formatBytes(report.sharedBytes) })}`);
          }
        } catch (thrown) {
          context.fail(thrown, refs.length > 1 ? ref : undefined);
        }
      }
    });
}
