import { openStore } from '../../store/index.js';
import { createToken, listTokens, revokeToken, type NewToken, type TokenRecord } from './tokens.js';

/** The tokens of the server whose store is at `home`, for who manages them. A running server sees changes within a second or two. */
export interface TokenBook {
  /** @throws SluiceError USAGE for a name that cannot be one */
  create(token: Omit<NewToken, 'nowMs'>): Promise<{ readonly token: string; readonly record: TokenRecord }>;
  list(): Promise<readonly TokenRecord[]>;
  /** By id or name. @throws SluiceError USAGE when there is none, or several have the name */
  revoke(idOrName: string): Promise<TokenRecord>;
}

export async function openTokenBook(home: string): Promise<TokenBook> {
  const store = await openStore(home);
  return {
    create: (token) => createToken(store, { ...token, nowMs: Date.now() }),
    list: () => listTokens(store),
    revoke: (idOrName) => revokeToken(store, idOrName, Date.now()),
  };
}
