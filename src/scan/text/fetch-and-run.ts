import type { Finding } from '../port.js';
import { finding } from '../rules.js';

const FETCH = String.raw`(?:curl|wget|iwr|irm|Invoke-WebRequest|Invoke-RestMethod)\b`;
const SHELL = String.raw`(?:sudo\s+(?:-\w+\s+)?)?(?:/(?:usr/)?bin/)?(?:env\s+)?(?:ba|z|da|k|fi)?sh\b|python[\d.]*\b|perl\b|node\b|ruby\b|iex\b|Invoke-Expression\b`;

/** Behind a pipe; a shell goes on in the next line. */
const GAP = String.raw`[ \t]{0,80}(?:\\?\n[ \t]{0,80})?`;

/** Lines by which a reader fetches a program and runs what came, unseen. */
export const FETCH_AND_RUN: readonly RegExp[] = [
  new RegExp(String.raw`\b${FETCH}[ \t][^\n|]{0,400}(?:/|\$|\w\.\w)[^\n|]{0,400}\|${GAP}(?:${SHELL})`, 'gi'),
  new RegExp(String.raw`\b(?:ba|z|da)?sh\s+(?:-c\s+)?["']?(?:<\(|\$\(|\x60)\s*${FETCH}[^\n]{0,300}`, 'gi'),
  new RegExp(String.raw`\bpython[\d.]*\s+-c\s+["']?\$\(\s*${FETCH}[^\n]{0,300}`, 'gi'),
  /\b(?:iex|Invoke-Expression)\b[^\n]{0,200}\b(?:DownloadString|iwr|irm|Invoke-WebRequest|Invoke-RestMethod)\b[^\n]{0,300}/gi,
  new RegExp(String.raw`\bbase64\s+(?:-d|-D|--decode)\b[^\n|]{0,200}\|${GAP}(?:${SHELL})`, 'gi'),
  /\bpowershell(?:\.exe)?\b[^\n]{0,100}\s-e(?:nc|ncodedcommand)?\s+[A-Za-z0-9+/=]{20}[^\n]{0,300}/gi,
  /\b(?:mshta|regsvr32|rundll32|certutil|bitsadmin)\b[^\n]{0,200}https?:\/\/[^\n]{0,300}/gi,
];

/** Where everybody's installers come from: such a line in a README is ordinary. Exact hosts, and https only. */
export const KNOWN_INSTALLERS: ReadonlySet<string> = new Set([
  'astral.sh',
  'ollama.com',
  'ollama.ai',
  'sh.rustup.rs',
  'get.docker.com',
  'deb.nodesource.com',
  'install.python-poetry.org',
  'pixi.sh',
  'bun.sh',
  'get.volta.sh',
  'packagecloud.io',
  'hf.co',
  'nvidia.github.io',
]);

/** One finding for each such place, with its line. Those of known installers are told and count for nothing. */
export function linesThatFetch(text: string, place: { members: readonly string[]; line: number }): Finding[] {
  return FETCH_AND_RUN.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => {
      let line = place.line;
      for (let at = text.indexOf('\n'); at >= 0 && at < match.index; at = text.indexOf('\n', at + 1)) line += 1;
      const isTold = isKnownInstaller(match[0]) || isTableRow(text, match.index);
      const severity = isTold ? 'info' : 'medium';
      return finding('TXT-FETCH-RUN', `line ${line}: ${match[0].trim()}`, place.members, undefined, severity);
    }),
  );
}

/** A row of a Markdown table: its pipes are borders. */
function isTableRow(text: string, at: number): boolean {
  const start = text.lastIndexOf('\n', at) + 1;
  return /^[ \t]*\|/.test(text.slice(start, at));
}

function isKnownInstaller(command: string): boolean {
  const urls = [...command.matchAll(/\b[a-z]+:\/\/([^\s/"'`?#|]+)/gi)];
  return (
    urls.length > 0 &&
    urls.every(([url, host = '']) => /^https:/i.test(url) && KNOWN_INSTALLERS.has(host.toLowerCase()))
  );
}
