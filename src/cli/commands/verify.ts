import { resolve } from 'node:path';
import type { Command } from 'commander';
import { SluiceError } from '../../base/index.js';
import type { CommandContext, Session } from '../context.js';
import { repeatable, settingFlags, type SettingOptions } from '../options.js';
import { createEventView } from '../render/event-view.js';
import { renderTrust } from '../render/trust.js';
import { renderVerification } from '../render/verification.js';
import { createVerifyProgress } from '../render/verify-progress.js';

interface VerifyFlags extends SettingOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly pieces?: string;
  readonly policy?: string;
  readonly signature?: readonly string[];
  readonly as?: string;
  readonly ignore?: readonly string[];
}

export function configure(command: Command, context: CommandContext): void {
  command
    .argument('[ref-or-path]', context.say('argument.refOrPath'))
    .option('--offline', context.say('option.offline'))
    .option('--pieces <file>', context.say('option.writePieces'))
    .option('--policy <file>', context.say('option.trustPolicy'))
    .addOption(repeatable('--signature <file>', context.say('option.signature')))
    .option('--as <scope>', context.say('option.as'))
    .addOption(repeatable('--ignore <path>', context.say('option.verifyIgnore')))
    .option('--json', context.say('option.json'))
    .option('-q, --quiet', context.say('option.quiet'))
    .action(async (target: string | undefined) => {
      const options: VerifyFlags = command.optsWithGlobals();
      const session = await context.open(settingFlags(options));
      if (options.policy !== undefined) return proveSigners(target, options.policy, options, session, context);
      if (options.signature !== undefined || options.as !== undefined || options.ignore !== undefined)
        throw new SluiceError('USAGE', { reason: '--signature, --as and --ignore go with --policy FILE' });
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

/** Proves who signed it: what was signed is hashed on the way, so that one reading says both. */
async function proveSigners(
  target: string | undefined,
  policy: string,
  options: VerifyFlags,
  session: Session,
  { host, fail }: CommandContext,
): Promise<void> {
  if (target === undefined) throw new SluiceError('USAGE', { reason: '--policy goes with a ref or a path' });
  const at = (path: string): string => resolve(host.cwd, path);
  const api = await session.api();
  const request = {
    ...{ subject: target, policy: at(policy), signatures: (options.signature ?? []).map(at), nowMs: host.now() },
    env: host.env,
    ...(options.as === undefined ? {} : { as: options.as }),
    ...(options.ignore === undefined ? {} : { ignore: options.ignore }),
  };
  const view = createEventView(session, host, { quiet: options.quiet ?? options.json ?? false });
  const report = await api.verifyTrust(request, session.pullContext(view.emit)).finally(view.settle);
  if (options.json) session.print(JSON.stringify(report));
  else if (!options.quiet)
    for (const line of renderTrust(report, session.out, session.outColumns())) session.print(line);
  const refusal = api.refusalOf(report);
  if (refusal !== undefined) fail(refusal, target);
}
