/** Makes what an upstream said our own: no address in it leads to the hub or to its storage any more. */
export type Clean = <T>(value: T, publicUrl: string) => T;

/** Hubs name these whatever address they were reached by. */
const HUB_HOSTS = ['huggingface.co', 'www.huggingface.co', 'hf.co'];
/** Where their bytes lie; such an address is of no use to anybody here. */
const STORAGE = /(?:https?:)?(?:\/\/)?(?:[\w-]+\.)+(?:huggingface\.co|hf\.co)\b[^\s"'<>)\]]*/gi;

/** `endpoints`: base URLs of the upstreams, maybe with a path prefix. */
export function createClean(endpoints: readonly string[]): Clean {
  const urls = endpoints.flatMap((endpoint) => (URL.canParse(endpoint) ? [new URL(endpoint)] : []));
  const bases = urls.map(({ host, pathname }) => host + pathname.replace(/\/+$/, ''));
  const names = [...bases, ...urls.map(({ host }) => host), ...HUB_HOSTS].map((name) => name.replace(/[^\w]/g, '\\$&'));
  const hub = new RegExp(`(https?://)?(?<![\\w.-])(?:${names.join('|')})(?![\\w-]|\\.\\w)`, 'gi');
  const cleanText = (said: string, publicUrl: string): string => {
    const { host } = new URL(publicUrl);
    const lead = (text: string): string =>
      text.replace(hub, (_, scheme: string | undefined) => (scheme === undefined ? host : publicUrl));
    const led = lead(said);
    // What stood around an address that is taken out may be one itself then.
    for (let text = led; ;) {
      const less = text.replace(STORAGE, (found) => (endsAs(found, host) ? found : ''));
      if (less === text) return text === led ? led : lead(text);
      text = less;
    }
  };
  const clean = (value: unknown, publicUrl: string): unknown => {
    if (typeof value === 'string') return cleanText(value, publicUrl);
    if (Array.isArray(value)) return value.map((each) => clean(each, publicUrl));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [cleanText(name, publicUrl), clean(each, publicUrl)]),
    );
  };
  return clean as Clean;
}

/** Whether an address is on our own host. */
function endsAs(address: string, host: string): boolean {
  return address.replace(/^(?:https?:)?\/\//i, '').split('/')[0] === host;
}
