export { parseExpression, type Expression } from './expression.js';
export { parseFrontMatter, type Card } from './front-matter.js';
export { judgeLicence, type LicenceFacts } from './judge-licence.js';
export { KNOWN_LICENCES, isLicenceFamily, licenceKey } from './known-licences.js';
export { isLicenceFile, recogniseLicence } from './licence-text.js';
