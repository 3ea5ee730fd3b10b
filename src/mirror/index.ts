export { createMirror, type Mirror, type MirrorOptions } from './mirror.js';
