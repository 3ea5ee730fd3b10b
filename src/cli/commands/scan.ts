import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { SluiceError, toSluiceError } from '../../base/index.js';
import type { ScanReport } from '../api.js';
import type { CommandContext } from '../context.js';
import { addNetworkOptions, settingFlags, type SettingOptions } from '../options.js';
import { renderScan } from '../render/scan-report.js';
import { toSarif } from '../render/sarif.js';
import { say } from '../texts/index.js';
import { scanHere } from '../scan-here.js';

interface ScanFlags extends SettingOptions {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly sarif?: string;
  readonly checksums?: boolean;
}

export function configure(command: Command, context: CommandContext): void {
  command
    .argument('<refs-or-paths...>', context.say('argument.refsOrPaths'))
    .option('--include <patterns...>', context.say('option.include'))
    .option('--exclude <patterns...>', context.say('option.exclude'))
    .option('--sarif <file>', context.say('option.sarif'))
    .option('--checksums', context.say('option.checksums'))
    .option('--json', context.say('option.json'))
    .option('-q, --quiet', context.say('option.quiet'));
  addNetworkOptions(command, context);
  command.action(async (targets: readonly string[]) => {
    const options: ScanFlags = command.optsWithGlobals();
    const session = await context.open(settingFlags(options));
    const reports: ScanReport[] = [];
    const { include = [], exclude = [] } = options;
    for (const target of targets) {
      try {
        const here = await scanHere(target, {
          signal: context.host.signal,
          areAllChecksumsWanted: options.checksums ?? false,
        });
        if (here === undefined && options.checksums === true)
          throw new SluiceError('USAGE', { reason: say(session.lang, 'usage.checksumsHere', { target }) });
        const report =
          here ??
          (await (await session.api()).scan({ ref: target, include, exclude, sources: [] }, session.pullContext()));
        reports.push(report);
        if (options.json) session.print(JSON.stringify(report));
        else if (!options.quiet)
          for (const line of renderScan(report, session.out, session.outColumns())) session.print(line);
        leaveBy(report, context);
      } catch (thrown) {
        const error = toSluiceError(thrown);
        context.fail(error, targets.length > 1 ? target : undefined);
        if (error.code === 'INTERRUPTED') break;
      }
    }
    if (options.sarif === undefined) return;
    const path = resolve(context.host.cwd, options.sarif);
    await writeFile(path, `${JSON.stringify(toSarif(reports), undefined, 2)}\n`).catch((thrown: unknown) => {
      throw toSluiceError(thrown, { path });
    });
  });
}

/** Only what is clean to the last byte is 0: what is dangerous, doubtful or unread is 6, as a strict policy has it; what is nothing but broken is 5. */
function leaveBy({ files, target }: ScanReport, context: CommandContext): void {
  if (files.length === 0) throw new SluiceError('NOTHING_MATCHED', { ref: target });
  const has = (...verdicts: readonly string[]): boolean => files.some(({ scan }) => verdicts.includes(scan.verdict));
  if (has('FINDINGS')) context.leaveWith(6);
  else if (has('ERROR')) context.leaveWith(5);
  else if (has('REVIEW', 'NOT_SCANNED')) context.leaveWith(6);
}
