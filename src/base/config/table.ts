import { join } from 'node:path';
import type { Lang } from '../texts/lang.js';
import {
  dataDirectory,
  expandHome,
  huggingFaceHome,
  isOn,
  readTokenFile,
  variable,
  type Machine,
} from './environment.js';
import { LEAST_BUFFER_BYTES } from '../machine/engine-budget.js';
import {
  bytesOrAuto,
  countOrAuto,
  directory,
  duration,
  endpoints,
  files,
  flag,
  limit,
  oneOf,
  policy,
  someOf,
  proxy,
  sameRepositories,
  secret,
  text,
  type SameRepository,
} from './kinds.js';
import { SERVE_SETTINGS } from './serve-settings.js';
import { both, of, optional, setting, type Setting } from './setting.js';

/** Under HF_HUB_DISABLE_IMPLICIT_TOKEN a token that was not given for this program is not sent. */
const implicit = (token: string | undefined, { env }: Machine): string | undefined =>
  isOn(variable(env, 'HF_HUB_DISABLE_IMPLICIT_TOKEN') ?? '') ? undefined : token;

const usualTokenFile = (machine: Machine): string => join(huggingFaceHome(machine), 'token');

/** Less with each request would be more heads than bytes. */
const LEAST_REQUEST_BYTES = 2 ** 18;

/** Built-in Hugging Face hub: where a token is meant for even when a built-in profile chose the endpoints. */
export const HF_HUB = 'https://huggingface.co';

/**
 * Every setting of Sluice: its flag, variables, key, default, and (in `texts/settings-*.ts`) what it is for.
 * `docs/SETTINGS.md` and `sluice config` are made from this table.
 */
export const SETTINGS = {
  home: setting({
    fixed: true,
    key: 'home',
    kind: directory,
    flag: '--data <dir>',
    variables: [of('SLUICE_HOME')],
    fallback: dataDirectory,
    fallbackShown: '$XDG_DATA_HOME/sluice or ~/.local/share/sluice; the usual data folder on macOS and Windows',
  }),
  profile: setting({
    key: 'profile',
    kind: optional(text),
    flag: '--profile <name>',
    variables: [of('SLUICE_PROFILE')],
    fallback: () => undefined,
    fallbackShown: '',
    outsideProfiles: true,
  }),
  lang: setting<Lang>({
    key: 'lang',
    kind: oneOf('en', 'zh'),
    flag: '--lang <en|zh>',
    variables: ['SLUICE_LANG', 'LC_ALL', 'LC_MESSAGES', 'LANG'].map((name) => ({
      name,
      read: (value: string) => (/^zh/i.test(value) ? 'zh' : 'en'),
    })),
    fallback: () => 'en',
    fallbackShown: 'en',
    outsideProfiles: true,
  }),
  hfEndpoints: setting({
    key: 'hf.endpoints',
    kind: endpoints,
    flag: '--hf-endpoint <url>',
    variables: [of('SLUICE_HF_ENDPOINTS'), of('HF_ENDPOINT')],
    fallback: () => [HF_HUB],
    fallbackShown: HF_HUB,
  }),
  hfXet: setting<'auto' | 'only' | 'off'>({
    key: 'hf.xet',
    kind: oneOf('auto', 'only', 'off'),
    variables: [of('SLUICE_HF_XET')],
    fallback: () => 'auto',
    fallbackShown: 'auto',
  }),
  hfToken: setting({
    key: 'hf.token',
    kind: optional(secret),
    flag: '--token <token>',
    variables: [
      of('SLUICE_HF_TOKEN'),
      { name: 'HF_TOKEN', read: implicit },
      { name: 'HUGGING_FACE_HUB_TOKEN', read: implicit },
      {
        name: 'HF_TOKEN_PATH',
        as: '(content of the file)',
        read: (path, machine) => implicit(readTokenFile(expandHome(path, machine.homeDirectory)), machine),
      },
    ],
    fallback: (machine) => implicit(readTokenFile(usualTokenFile(machine)), machine),
    fallbackFile: usualTokenFile,
    fallbackShown: 'content of $HF_HOME/token (~/.cache/huggingface/token), where `hf auth login` puts it',
    secret: true,
  }),
  hfCache: setting({
    key: 'hf.cache',
    kind: directory,
    variables: [
      of('SLUICE_HF_CACHE'),
      of('HF_HUB_CACHE'),
      of('HUGGINGFACE_HUB_CACHE'),
      { name: 'HF_HOME', as: '$HF_HOME/hub', read: (value) => join(value, 'hub') },
      {
        name: 'XDG_CACHE_HOME',
        as: '$XDG_CACHE_HOME/huggingface/hub',
        read: (value) => join(value, 'huggingface', 'hub'),
      },
    ],
    fallback: (machine) => join(machine.homeDirectory, '.cache', 'huggingface', 'hub'),
    fallbackShown: '~/.cache/huggingface/hub',
  }),
  msEndpoints: setting({
    key: 'ms.endpoints',
    kind: endpoints,
    flag: '--ms-endpoint <url>',
    variables: [
      of('SLUICE_MS_ENDPOINTS'),
      of('MODELSCOPE_ENDPOINT'),
      { name: 'MODELSCOPE_DOMAIN', as: 'https://$MODELSCOPE_DOMAIN', read: (value) => `https://${value}` },
    ],
    fallback: () => ['https://modelscope.cn'],
    fallbackShown: 'https://modelscope.cn',
  }),
  msToken: setting({
    key: 'ms.token',
    kind: optional(secret),
    flag: '--token <token>',
    variables: [of('SLUICE_MS_TOKEN'), of('MODELSCOPE_API_TOKEN')],
    fallback: () => undefined,
    fallbackShown: '',
    secret: true,
  }),
  msCache: setting({
    key: 'ms.cache',
    kind: directory,
    variables: [of('SLUICE_MS_CACHE'), of('MODELSCOPE_CACHE')],
    fallback: (machine) => join(machine.homeDirectory, '.cache', 'modelscope'),
    fallbackShown: '~/.cache/modelscope',
  }),
  msLegacyCache: setting({
    key: 'ms.legacy-cache',
    kind: directory,
    variables: [of('SLUICE_MS_LEGACY_CACHE'), of('MODELSCOPE_CACHE')],
    fallback: (machine) => join(machine.homeDirectory, '.cache', 'modelscope', 'hub'),
    fallbackShown: '~/.cache/modelscope/hub',
  }),
  alsoHubs: setting<'auto' | 'always' | 'off'>({
    key: 'hubs.also',
    kind: oneOf('auto', 'always', 'off'),
    flag: '--also <when>',
    variables: [of('SLUICE_HUBS_ALSO')],
    fallback: () => 'auto',
    fallbackShown: 'auto',
  }),
  hubMap: setting<readonly SameRepository[]>({
    key: 'hubs.map',
    kind: sameRepositories,
    variables: [of('SLUICE_HUBS_MAP')],
    fallback: () => [],
    fallbackShown: '',
  }),
  ollamaModels: setting({
    key: 'ollama.models',
    kind: directory,
    variables: [of('SLUICE_OLLAMA_MODELS'), of('OLLAMA_MODELS')],
    fallback: (machine) => join(machine.homeDirectory, '.ollama', 'models'),
    fallbackShown: '~/.ollama/models',
  }),
  view: setting({
    key: 'view',
    kind: optional(oneOf('hf', 'modelscope', 'modelscope-legacy', 'flat', 'repository')),
    flag: '--view <view>',
    variables: [of('SLUICE_VIEW')],
    fallback: () => undefined,
    fallbackShown: '',
  }),
  links: setting({
    key: 'links',
    kind: optional(someOf('hardlink', 'reflink', 'symlink', 'copy')),
    variables: [of('SLUICE_LINKS')],
    fallback: () => undefined,
    fallbackShown: 'hardlink, reflink, symlink, copy (large files of a flat folder: reflink first)',
  }),
  admissionPolicy: setting({
    key: 'admission.policy',
    kind: optional(policy),
    flag: '--policy <file>',
    variables: [of('SLUICE_ADMISSION_POLICY')],
    fallback: () => undefined,
    fallbackShown: 'default for `sluice pull`; for `sluice serve` what was refused in its store',
  }),
  offline: setting({
    key: 'offline',
    kind: flag,
    flag: '--offline',
    variables: [
      of('SLUICE_OFFLINE'),
      { name: 'HF_HUB_OFFLINE', read: (value) => (isOn(value) ? 'true' : undefined) },
      { name: 'TRANSFORMERS_OFFLINE', read: (value) => (isOn(value) ? 'true' : undefined) },
    ],
    fallback: () => false,
    fallbackShown: 'false',
  }),
  connections: setting<number | 'auto'>({
    key: 'connections',
    kind: countOrAuto(256),
    flag: '--connections <n>',
    variables: [of('SLUICE_CONNECTIONS')],
    fallback: () => 'auto',
    fallbackShown: 'auto',
  }),
  limit: setting({
    key: 'limit',
    kind: limit,
    flag: '--limit <rates>',
    variables: [of('SLUICE_LIMIT')],
    fallback: () => undefined,
    fallbackShown: 'none',
  }),
  memoryBytes: setting({
    fixed: true,
    key: 'memory',
    kind: bytesOrAuto(LEAST_BUFFER_BYTES),
    variables: [of('SLUICE_MEMORY')],
    fallback: () => undefined,
    fallbackShown: 'auto',
  }),
  requestBytes: setting({
    key: 'request-bytes',
    kind: bytesOrAuto(LEAST_REQUEST_BYTES),
    flag: '--request-bytes <size>',
    variables: [of('SLUICE_REQUEST_BYTES')],
    fallback: () => undefined,
    fallbackShown: 'auto',
  }),
  noProgressMs: setting({
    key: 'no-progress',
    kind: duration,
    variables: [of('SLUICE_NO_PROGRESS')],
    fallback: () => 120_000,
    fallbackShown: '2m',
  }),
  proxy: setting({
    fixed: true,
    key: 'proxy',
    kind: optional(proxy),
    flag: '--proxy <url>',
    variables: [of('SLUICE_PROXY'), ...both('HTTPS_PROXY'), ...both('ALL_PROXY')],
    fallback: () => undefined,
    fallbackShown: '',
  }),
  httpProxy: setting({
    fixed: true,
    key: 'http-proxy',
    kind: optional(proxy),
    flag: '--proxy <url>',
    variables: [of('SLUICE_HTTP_PROXY'), ...both('HTTP_PROXY'), ...both('ALL_PROXY')],
    fallback: () => undefined,
    fallbackShown: '',
  }),
  noProxy: setting({
    fixed: true,
    key: 'no-proxy',
    kind: optional(text),
    variables: [of('SLUICE_NO_PROXY'), ...both('NO_PROXY')],
    fallback: () => undefined,
    fallbackShown: '',
  }),
  caFiles: setting({
    fixed: true,
    key: 'ca',
    kind: files,
    flag: '--ca <file>',
    variables: [
      of('SLUICE_CA'),
      of('NODE_EXTRA_CA_CERTS'),
      of('SSL_CERT_FILE'),
      of('REQUESTS_CA_BUNDLE'),
      of('CURL_CA_BUNDLE'),
    ],
    all: true,
    fallback: () => [],
    fallbackShown: '',
  }),
  color: setting({
    key: 'color',
    kind: oneOf('auto', 'always', 'never'),
    variables: [
      of('SLUICE_COLOR'),
      { name: 'FORCE_COLOR', as: 'always; never when 0', read: (value) => (value === '0' ? 'never' : 'always') },
      { name: 'NO_COLOR', as: 'never', read: () => 'never' },
    ],
    fallback: () => 'auto',
    fallbackShown: 'auto',
  }),
  progress: setting({
    key: 'progress',
    kind: oneOf('auto', 'live', 'plain'),
    variables: [of('SLUICE_PROGRESS'), { name: 'CI', as: 'plain', read: (v) => (isOn(v) ? 'plain' : undefined) }],
    fallback: () => 'auto',
    fallbackShown: 'auto',
  }),
  ...SERVE_SETTINGS,
};

export type SettingName = keyof typeof SETTINGS;
type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** Every setting with its value. */
export type Settings = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]> };

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];
