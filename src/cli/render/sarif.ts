import { RULES, type Finding, type Severity } from '../../scan/index.js';
import type { ScannedFile, ScanReport } from '../api.js';

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
};
/** As GitHub reads it, from 0 to 10. */
const SCORES: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.0',
  low: '2.0',
  info: '0.0',
};

interface SarifResult {
  readonly ruleId: string;
  readonly level: 'error' | 'warning' | 'note';
  readonly message: { readonly text: string };
  readonly locations: readonly object[];
  readonly properties?: object;
}

/** Reports as SARIF 2.1.0: a result for each finding, and one for each file that is not clean though nothing was found in it. */
export function toSarif(reports: readonly ScanReport[]): object {
  const results = reports.flatMap(({ target, files }) => files.flatMap((file) => resultsOf(target, file)));
  const used = [...new Set(results.map(({ ruleId }) => ruleId))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'sluice', rules: used.map(ruleOf) } }, results }],
  };
}

function resultsOf(target: string, { path, scan }: ScannedFile): readonly SarifResult[] {
  const artifact = { uri: uriOf(target, path) };
  if (scan.findings.length === 0)
    return scan.verdict === 'CLEAN'
      ? []
      : [
          {
            ruleId: scan.verdict,
            level: 'warning',
            message: { text: scan.verdict },
            locations: [{ physicalLocation: { artifactLocation: artifact } }],
          },
        ];
  return scan.findings.map((finding) => ({
    ruleId: finding.rule,
    level: LEVELS[finding.severity],
    message: { text: [...finding.members, finding.evidence].join(' › ') },
    locations: [{ physicalLocation: { artifactLocation: artifact, ...regionOf(finding) } }],
    properties: { 'security-severity': SCORES[finding.severity], verdict: scan.verdict },
  }));
}

/** Offsets inside a member are not offsets of the file. */
function regionOf({ members, offsetBytes, lengthBytes }: Finding): object {
  if (offsetBytes === undefined || members.length > 0) return {};
  return { region: { byteOffset: offsetBytes, ...(lengthBytes === undefined ? {} : { byteLength: lengthBytes }) } };
}

function ruleOf(id: string): object {
  const rule = Object.hasOwn(RULES, id) ? RULES[id as keyof typeof RULES] : undefined;
  if (rule === undefined) return { id };
  const tags = rule.references.length === 0 ? {} : { properties: { tags: rule.references } };
  return { id, shortDescription: { text: rule.en }, ...tags };
}

function uriOf(target: string, path: string): string {
  const name = path.split('/').map(encodeURIComponent).join('/');
  return target.startsWith('/') ? name : `${target.replace(/\/+$/, '')}/${name}`;
}
