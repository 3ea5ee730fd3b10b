import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { parseDuration, SluiceError, type Lang } from '../../base/index.js';
import type { CommandContext } from '../context.js';
import { addNetworkOptions, repeatable, settingFlags, type SettingOptions } from '../options.js';
import { renderSources } from '../render/sources.js';
import { stepTeller } from '../render/step-teller.js';
import { say } from '../texts/index.js';

interface SourcesOptions extends SettingOptions {
  readonly json?: boolean;
  readonly source?: readonly string[];
  readonly watch?: string | boolean;
}

const USUAL_WATCH = '30s';

export function configure(command: Command, context: CommandContext): void {
  addNetworkOptions(command, context);
  command
    .argument('<ref>', context.say('argument.ref'))
    .addOption(repeatable('--source <url>', context.say('option.source')))
    .option('--watch [every]', context.say('option.watch'))
    .option('--json', context.say('option.json'))
    .action(async (ref: string) => {
      const options: SourcesOptions = command.optsWithGlobals();
      const session = await context.open(settingFlags(options));
      const everyMs = watchMs(options.watch, session.lang);
      const tell = options.json ? () => undefined : stepTeller(session, context);
      const api = await session.api();
      do {
        const report = await api
          .measureSources(ref, options.source ?? [], { ...session.pullContext(), tell })
          .finally(() => tell('', ''));
        if (options.json) session.print(JSON.stringify(report));
        else for (const line of renderSources(report, session.out, session.outColumns())) session.print(line);
        if (everyMs !== undefined) await sleep(everyMs, undefined, { signal: context.host.signal });
      } while (everyMs !== undefined);
    });
}

/** Undefined for once. @throws SluiceError USAGE */
function watchMs(value: string | boolean | undefined, lang: Lang): number | undefined {
  if (value === undefined || value === false) return undefined;
  const text = value === true ? USUAL_WATCH : value;
  const ms = parseDuration(text);
  if (ms === undefined || ms < 1000) {
    const reason = say(lang, 'usage.badValue', { name: '--watch', reason: text });
    throw new SluiceError('USAGE', { reason });
  }
  return ms;
}
