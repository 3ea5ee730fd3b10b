import { readConfig } from '../config/read-config.js';
import { FormatFault } from '../format-fault.js';
import { NO_INVENTORY } from '../inventory.js';
import { parseLooseJson } from '../json/loose-json.js';
import type { Finding, Format, ScanContext } from '../port.js';
import { finding } from '../rules.js';
import { HDF5_MAGIC, walkHdf5, type Hdf5Reading } from './walk.js';

/** HDF5, with what Keras keeps in its attributes. */
export const HDF5: Format = {
  format: 'hdf5',
  claims: (start) => start.subarray(0, HDF5_MAGIC.length).equals(HDF5_MAGIC),
  scan: async (bytes, context) => {
    let reading: Hdf5Reading;
    try {
      reading = await walkHdf5(bytes);
    } catch (thrown) {
      if (!(thrown instanceof FormatFault)) throw thrown;
      // Newer than what is read here, or broken: the library may take it, so nobody knows what is in it.
      const findings = [finding(thrown.rule, thrown.message, context.members)];
      return { format: 'hdf5', verdict: 'NOT_SCANNED', findings, attributions: [], inventory: NO_INVENTORY };
    }
    return { format: 'hdf5', verdict: 'CLEAN', attributions: reading.attributions, ...judged(reading, context) };
  },
};

function judged({ texts, outside, filters }: Hdf5Reading, { name, members }: ScanContext) {
  const findings: Finding[] = [
    ...outside.map((what) => finding('HDF5-OUTSIDE', what, members)),
    ...filters.map((id) => finding('HDF5-OUTSIDE', `filter ${id}, which is a plugin`, members, undefined, 'medium')),
  ];
  const readings = texts.flatMap(({ name: attribute, text }) => {
    if (!/^\s*[{[]/.test(text) && !attribute.endsWith('config')) return [];
    try {
      return [readConfig(parseLooseJson(text), `${name}#${attribute}`, members)];
    } catch (thrown) {
      if (!(thrown instanceof FormatFault)) throw thrown;
      findings.push(finding('CFG-INVALID', `${attribute}: ${thrown.message}`, members));
      return [];
    }
  });
  const list = (pick: (reading: (typeof readings)[number]) => readonly string[]): string[] => readings.flatMap(pick);
  const inventory = {
    imports: [],
    calls: [],
    templates: list((one) => one.templates),
    hooks: list((one) => one.hooks),
  };
  return { findings: [...findings, ...readings.flatMap((one) => one.findings)], inventory };
}
