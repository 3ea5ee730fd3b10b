import { Option, type Command } from 'commander';
import type { Flags } from '../base/index.js';
import type { CommandContext } from './context.js';
import type { TextKey } from './texts/index.js';

/** Options that become settings, as commander parses them. */
export interface SettingOptions {
  readonly connections?: string;
  readonly limit?: string;
  readonly requestBytes?: string;
  readonly offline?: boolean;
  readonly token?: string;
  readonly ca?: readonly string[];
  readonly proxy?: string;
  readonly hfEndpoint?: readonly string[];
  readonly msEndpoint?: readonly string[];
  readonly also?: string;
  readonly view?: string;
  readonly profile?: string;
  readonly lang?: string;
  readonly data?: string;
  readonly registry?: readonly string[];
  readonly site?: readonly string[];
  readonly port?: string;
  readonly listen?: string;
  readonly publicUrl?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly policy?: string;
}

/** Adds an option that may be given several times, one value each. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    value,
  ]);
}

/** The options of every command that may use the network. */
export function addNetworkOptions(command: Command, { say }: CommandContext): void {
  const single: readonly (readonly [string, TextKey])[] = [
    ['--connections <n>', 'option.connections'],
    ['--limit <rates>', 'option.limit'],
    ['--request-bytes <size>', 'option.requestBytes'],
    ['--offline', 'option.offline'],
    ['--token <token>', 'option.token'],
    ['--proxy <url>', 'option.proxy'],
    ['--also <when>', 'option.also'],
  ];
  for (const [flags, key] of single) command.option(flags, say(key));
  command.addOption(repeatable('--ca <file>', say('option.ca')));
  command.addOption(repeatable('--hf-endpoint <url>', say('option.hfEndpoint')));
  command.addOption(repeatable('--ms-endpoint <url>', say('option.msEndpoint')));
}

/** Flags by setting. A token belongs to the hub of the refs: `hub` tells which. */
export function settingFlags(options: SettingOptions, hub: 'hf' | 'ms' = 'hf'): Flags {
  return {
    connections: options.connections,
    limit: options.limit,
    requestBytes: options.requestBytes,
    offline: options.offline,
    [hub === 'ms' ? 'msToken' : 'hfToken']: options.token,
    caFiles: options.ca,
    proxy: options.proxy,
    httpProxy: options.proxy,
    hfEndpoints: options.hfEndpoint,
    msEndpoints: options.msEndpoint,
    alsoHubs: options.also,
    view: options.view,
    profile: options.profile,
    lang: options.lang,
    home: options.data,
    serveRegistries: options.registry,
    serveSites: options.site,
    servePort: options.port,
    serveListen: options.listen,
    servePublicUrl: options.publicUrl,
    serveTlsCert: options.tlsCert,
    serveTlsKey: options.tlsKey,
    admissionPolicy: options.policy,
  };
}
