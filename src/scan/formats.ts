import { PICKLE } from './pickle/pickle.js';
import type { Format } from './port.js';

/** Every format that the scanner reads. All that claim some bytes are asked about them, so the order means nothing. */
export const FORMATS: readonly Format[] = [PICKLE];
