import type { SettingName } from '../config/table.js';

/** What each setting is for. */
export const settingsEn: Record<SettingName, string> = {
  home: 'Root of the store: blobs, partials and records.',
  profile: 'Named set of settings: a built-in one, or a [profiles.NAME] table of sluice.toml.',
  lang: 'Language of messages for people.',
  hfEndpoints:
    'Hugging Face endpoints; the first is asked first, the others are mirrors of the same commits. A path prefix is allowed.',
  hfToken:
    'Hugging Face token; it is sent to hf.endpoints only. HF_HUB_DISABLE_IMPLICIT_TOKEN keeps the ones from HF_TOKEN and from files back.',
  hfCache: 'Hugging Face cache that the view `hf` appears in.',
  msEndpoints: 'ModelScope endpoints; the first is asked first.',
  msToken: 'ModelScope token; it is sent to ms.endpoints only.',
  msCache: 'ModelScope cache that the view `modelscope` appears in.',
  msLegacyCache: 'ModelScope cache that the view `modelscope-legacy` (clients up to 1.37) appears in.',
  ollamaModels: 'Where Ollama keeps its models: bytes that it has are not fetched again.',
  view: 'How files appear when nothing else is asked for. By default the one that the loaders of that hub look in.',
  links: 'Ways in which a view shares the bytes of the store, in the order in which they are tried.',
  offline: 'Uses no network: what is in the store must do.',
  connections: 'Most connections at once.',
  limitBytesPerSecond: 'Most bytes per second for this process (20MB/s, 100Mbit/s); none for no limit.',
  noProgressMs: 'Gives a file up when it got no byte further for this long.',
  proxy: 'Proxy for https:// URLs.',
  httpProxy: 'Proxy for http:// URLs.',
  noProxy: 'Hosts that are reached without proxy, separated by commas.',
  caFiles:
    'Certificates (PEM) to trust beside the usual ones. All files that the variables name are read; those that do not exist are passed over.',
  color: 'Colours in the terminal.',
  progress: 'Live progress, or plain lines; auto is live on a terminal outside CI.',
};
