import { resolve } from 'node:path';
import type { Command } from 'commander';
import { SluiceError } from '../../base/index.js';
import type { CommandContext } from '../context.js';
import { settingFlags, type SettingOptions } from '../options.js';
import { renderVerification } from '../render/verification.js';
import { createVerifyProgress } from '../render/verify-progress.js';

export function configure(command: Command, context: CommandContext): void {
  command
    .argument('[ref-or-path]', context.say('argument.refOrPath'))
    .option('--offline', context.say('option.offline'))
    .option('--pieces <file>', context.say('option.writePieces'))
    .option('--json', context.say('option.json'))
    .option('-q, --quiet', context.say('option.quiet'))
    .action(async (target: string | undefined) => {
      const options: SettingOptions & { json?: boolean; quiet?: boolean; pieces?: string } = command.optsWithGlobals();
      const session = await context.open(settingFlags(options));
      const quiet = options.quiet ?? options.json ?? false;
      const progress = createVerifyProgress(session.err, context.host.stderr, context.host.now, !quiet);
      const api = await session.api();
      const report = await api.verify(target, session.pullContext(), progress.told).finally(progress.settle);
      if (options.json) session.print(JSON.stringify(report));
      else if (!options.quiet)
        for (const line of renderVerification(report, session.out, session.outColumns())) session.print(line);
      const bad = report.findings.filter((finding) => finding.problem !== 'unknown');
      if (bad.length > 0)
        context.fail(new SluiceError('CORRUPT_STORE', { count: bad.length, total: report.files }), report.target);
      else if (options.pieces !== undefined && target !== undefined)
        await api.writePieceList(target, resolve(context.host.cwd, options.pieces), session.pullContext());
    });
}
