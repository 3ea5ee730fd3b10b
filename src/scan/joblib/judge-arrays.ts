import type { PickleRun } from '../pickle/port.js';
import type { ByteSource, FormatScan, ScanContext } from '../port.js';

export function judgeArrays(
  runs: readonly PickleRun[],
  _bytes: ByteSource,
  _context: ScanContext,
): Promise<Pick<FormatScan, 'verdict' | 'findings' | 'inventory'>> {
  const findings = runs.flatMap((run) => run.findings);
  const imports = runs.flatMap((run) => run.imports.map(({ module, name }) => `${module}.${name}`)).sort();
  const verdict = runs.some(({ outcome }) => outcome !== 'ok') ? 'ERROR' : imports.some((n) => n.startsWith('os.')) ? 'FINDINGS' : 'CLEAN';
  return Promise.resolve({ verdict, findings, inventory: { imports, calls: [], templates: [], hooks: [] } });
}
