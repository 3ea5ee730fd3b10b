import type { Command, CommanderError } from 'commander';
import { SluiceError, nearest, type Lang } from '../base/index.js';
import { say } from './texts/index.js';

/** What flags of tools that people come from are called here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  '--local-dir': '--to DIR',
  '--local_dir': '--to DIR',
  '--cache-dir': 'HF_HUB_CACHE, MODELSCOPE_CACHE',
  '--cache_dir': 'HF_HUB_CACHE, MODELSCOPE_CACHE',
  '--repo-type': 'hf:datasets/org/name, hf:spaces/org/name',
  '--type': 'hf:datasets/org/name, hf:spaces/org/name',
  '--max-workers': '--connections N',
  '--max-connection-per-server': '--connections N',
  '--split': '--connections N',
  '--max-download-limit': '--limit RATE',
  '--max-overall-download-limit': '--limit RATE',
  '--input-file': '--list FILE',
  '--dir': '--to DIR',
  '--resume-download': 'sluice always resumes',
  '--continue': 'sluice always resumes',
};

/** What those sign with who hold no key: options of cosign and model_signing. */
const KEYLESS: readonly string[] = [
  ...['--keyless', '--identity', '--identity-token', '--identity_token', '--identity-provider', '--identity_provider'],
  ...['--client-id', '--client_id', '--client-secret', '--client_secret', '--use-ambient-credentials'],
  ...['--use_ambient_credentials', '--use-staging', '--use_staging', '--oidc-issuer', '--oidc-provider'],
  ...['--oidc-client-id', '--fulcio-url', '--rekor-url', '--trust-config', '--trust_config', '--signing-config'],
];

/** commander's complaint as an error of ours, in the language of the caller. */
export function usageError(complaint: CommanderError, program: Command, lang: Lang): SluiceError {
  const name = /'([^']*)'/.exec(complaint.message)?.[1] ?? '';
  const reason = ((): string => {
    switch (complaint.code) {
      case 'commander.unknownOption': {
        const option = name.split('=')[0] ?? name;
        if (program.args[0] === 'sign' && KEYLESS.includes(option)) return say(lang, 'usage.keyless', { name: option });
        const hint = Object.hasOwn(ELSEWHERE, option) ? ELSEWHERE[option] : undefined;
        const near = hint === undefined ? nearest(option, optionNames(program)) : undefined;
        return say(lang, 'usage.unknownOption', { name: option, near, hint });
      }
      case 'commander.unknownCommand': {
        const names = program.commands.map((command) => command.name());
        return say(lang, 'usage.unknownCommand', { name, near: nearest(name, names) });
      }
      case 'commander.missingArgument':
        return say(lang, 'usage.missingArgument', { name: `<${name}>` });
      case 'commander.missingMandatoryOptionValue':
        return say(lang, 'usage.missingOption', { name });
      case 'commander.optionMissingArgument':
        return say(lang, 'usage.missingValue', { name });
      case 'commander.excessArguments':
        return say(lang, 'usage.excessArguments', { name });
      default:
        return complaint.message.replace(/^error: /, '');
    }
  })();
  return new SluiceError('USAGE', { reason }, { cause: complaint });
}

function optionNames(program: Command): readonly string[] {
  return [program, ...program.commands].flatMap((command) => command.options.flatMap(({ long }) => long ?? []));
}
