export { hashPassword } from './access/passwords.js';
export { openTokenBook, type TokenBook } from './access/token-book.js';
export type { TokenRecord } from './access/tokens.js';
export type { ServeSettings } from './serve-settings.js';
export { checkServe, serve, type ServeContext, type ServeOptions } from './serve.js';
