export { bytesOf, writeExactly } from './bytes.js';
export { readPassphrase, readSealKey, readSealTarget, type SealKey, type SealTarget } from './keys.js';
export { openSealed, saysItIsSealed, type OpenedSeal } from './open-sealed.js';
export { placeFile } from './place-file.js';
export { rewrapFile } from './rewrap.js';
export { sealFile } from './seal-file.js';
export { unsealFile, writeOpened } from './unseal-file.js';
