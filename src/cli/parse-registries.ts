import { SluiceError } from '../base/index.js';

/** Those that everybody knows. */
const USUAL = { 'docker.io': 'https://registry-1.docker.io', ollama: 'https://registry.ollama.ai' };

/** `--registry NAME=URL` options over the usual registries; `NAME=` takes one away. @throws SluiceError USAGE */
export function parseRegistries(options: readonly string[]): Readonly<Record<string, string>> {
  const registries = new Map<string, string>(Object.entries(USUAL));
  for (const option of options) {
    const mark = option.indexOf('=');
    const name = option.slice(0, Math.max(0, mark)).trim().toLowerCase();
    const url = option.slice(mark + 1).trim();
    if (name === '' || (url !== '' && !/^https?:\/\//i.test(url)))
      throw new SluiceError('USAGE', { reason: `--registry ${option}: NAME=URL, e.g. ghcr.io=https://ghcr.io` });
    if (url === '') registries.delete(name);
    else registries.set(name, url);
  }
  return Object.fromEntries(registries);
}
