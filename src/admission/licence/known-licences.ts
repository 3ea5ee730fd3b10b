/** Kinds of licences that a policy may name together. */
export const LICENCE_FAMILIES = [
  'permissive',
  'weak-copyleft',
  'copyleft',
  'public-domain',
  'rail',
  'llama',
  'gemma',
  'vendor',
  'non-commercial',
  'no-derivatives',
] as const;

export type LicenceFamily = (typeof LICENCE_FAMILIES)[number];

export interface KnownLicence {
  readonly families: readonly LicenceFamily[];
  /** Whether models may be used for business; `limited`: up to a number of users, or for some purposes. */
  readonly commercial: 'yes' | 'limited' | 'no';
  /** What it asks of whoever uses or passes on the model, in a few words. */
  readonly obligations: readonly string[];
}

const permissive: KnownLicence = { families: ['permissive'], commercial: 'yes', obligations: ['keep the notice'] };
const publicDomain: KnownLicence = { families: ['public-domain'], commercial: 'yes', obligations: [] };
const weak: KnownLicence = {
  families: ['weak-copyleft'],
  commercial: 'yes',
  obligations: ['keep the notice', 'publish changed files'],
};
const copyleft: KnownLicence = {
  families: ['copyleft'],
  commercial: 'yes',
  obligations: ['pass on under the same licence'],
};
const rail: KnownLicence = {
  families: ['rail'],
  commercial: 'yes',
  obligations: ['pass on the use restrictions'],
};
const llama: KnownLicence = {
  families: ['llama'],
  commercial: 'limited',
  obligations: ['at most 700 million monthly users', 'say "Built with Llama"', 'acceptable use policy'],
};
const gemma: KnownLicence = {
  families: ['gemma'],
  commercial: 'limited',
  obligations: ['pass on the terms', 'prohibited use policy'],
};
const limited: KnownLicence = { families: ['vendor'], commercial: 'limited', obligations: ['read its terms'] };
const research: KnownLicence = {
  families: ['vendor', 'non-commercial'],
  commercial: 'no',
  obligations: ['research only'],
};
const nonCommercial: KnownLicence = {
  families: ['non-commercial'],
  commercial: 'no',
  obligations: ['name the author', 'no commercial use'],
};

/** What licences of models mean for a gate, by their names in lower case: those of SPDX, and those that hubs use. Facts to decide by, not legal advice. */
export const KNOWN_LICENCES: ReadonlyMap<string, KnownLicence> = new Map([
  ...each(permissive, 'apache-2.0 mit mit-0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear isc zlib bsl-1.0 ncsa'),
  ...each(permissive, 'afl-3.0 artistic-2.0 ecl-2.0 ms-pl postgresql python-2.0 psf-2.0 upl-1.0 openssl apache'),
  ...each(permissive, 'cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 odc-by odc-by-1.0 cdla-permissive-1.0'),
  ...each(permissive, 'cdla-permissive-2.0 openmdw openmdw-1.0 openmdw-1.1 deepseek-mit'),
  ...each(publicDomain, 'cc0-1.0 unlicense pddl pddl-1.0 0bsd wtfpl'),
  ...each(weak, 'lgpl lgpl-2.1 lgpl-3.0 lgpl-2.1-only lgpl-2.1-or-later lgpl-3.0-only lgpl-3.0-or-later lgpl-lr'),
  ...each(weak, 'mpl-2.0 epl-1.0 epl-2.0 eupl-1.1 eupl-1.2 cdla-sharing-1.0'),
  ...each(copyleft, 'gpl gpl-2.0 gpl-3.0 agpl-3.0 gpl-2.0-only gpl-2.0-or-later gpl-3.0-only gpl-3.0-or-later'),
  ...each(copyleft, 'agpl-3.0-only agpl-3.0-or-later osl-3.0 cc-by-sa-3.0 cc-by-sa-4.0 odbl odbl-1.0 gfdl'),
  ...each(rail, 'openrail openrail++ openrail-m bigscience-openrail-m bigscience-bloom-rail-1.0 bigcode-openrail-m'),
  ...each(rail, 'creativeml-openrail-m deepseek deepseek-license'),
  ...each(llama, 'llama2 llama3 llama3.1 llama3.2 llama3.3 llama4'),
  ...each(gemma, 'gemma'),
  ...each(limited, 'grok2-community qwen tongyi-qianwen hunyuan stabilityai-ai-community nvidia-open-model-license'),
  ...each(research, 'deepfloyd-if-license apple-amlr apple-ascl fair-noncommercial-research-license h-research'),
  ...each(research, 'intel-research mrl qwen-research'),
  ...each(nonCommercial, 'cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0'),
  ...each({ ...nonCommercial, families: ['non-commercial', 'no-derivatives'] }, 'cc-by-nc-nd-3.0 cc-by-nc-nd-4.0'),
  ...each({ ...permissive, families: ['no-derivatives'], obligations: ['no changed versions'] }, 'cc-by-nd-4.0'),
]);

export function isLicenceFamily(name: string): name is LicenceFamily {
  return LICENCE_FAMILIES.some((family) => family === name);
}

/** A name as the table has it: without the case, and without the prefix of names that SPDX does not have. */
export function licenceKey(id: string): string {
  return id.toLowerCase().replace(/^licenseref-/, '');
}

function each(licence: KnownLicence, ids: string): readonly (readonly [string, KnownLicence])[] {
  return ids.split(' ').map((id) => [id, licence] as const);
}
