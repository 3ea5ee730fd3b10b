import { Command, Option } from 'commander';
import type { Lang } from '../base/index.js';
import { COMMANDS } from './commands/catalogue.js';
import type { CommandContext } from './context.js';
import { displayWidth, wrap } from './render/width.js';
import { say, type TextKey } from './texts/index.js';

const TITLES: Readonly<Record<string, TextKey>> = {
  'Usage:': 'help.usage',
  'Arguments:': 'help.arguments',
  'Options:': 'help.options',
  'Global Options:': 'help.globalOptions',
  'Commands:': 'help.commands',
};

/** The command line, with each command's own part loaded only when it is that command's turn. */
export function createProgram(context: CommandContext, lang: Lang, version: string): Command {
  const text = (key: TextKey): string => say(lang, key);
  const program = new Command('sluice')
    .description(text('help.tagline'))
    .usage(lang === 'zh' ? '<命令> [选项]' : '<command> [options]')
    .version(version, '-V, --version', text('help.version'))
    .addOption(new Option('--profile <name>', text('option.profile')))
    .addOption(new Option('--lang <en|zh>', text('option.lang')))
    .helpCommand(false)
    .addHelpText('after', `\n${text('help.examples')}\n\n${text('help.exit')}`);
  withManners(program, context, lang);
  for (const { name, summary } of COMMANDS) {
    const command = program.command(name).description(text(summary));
    withManners(command, context, lang);
  }
  program.hook('preSubcommand', async (_, command) => {
    const entry = COMMANDS.find((candidate) => candidate.name === command.name());
    (await entry?.load())?.configure(command, context);
  });
  return program;
}

/** Errors are thrown, not printed; help is in the caller's language and fits the terminal. */
function withManners(command: Command, { host }: CommandContext, lang: Lang): void {
  command
    .helpOption('-h, --help', say(lang, 'help.help'))
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(host.stdout.columns ?? 100, 120),
    })
    .configureHelp({
      showGlobalOptions: true,
      displayWidth,
      boxWrap: (text, width) =>
        text
          .split('\n')
          .flatMap((line) => wrap(line, width))
          .join('\n'),
      styleTitle: (title) => {
        const key = TITLES[title];
        return key === undefined ? title : say(lang, key);
      },
      subcommandTerm: (subcommand) => subcommand.name(),
    });
}
