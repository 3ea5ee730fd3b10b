import type { Machine } from './environment.js';
import type { ValueKind } from './kinds.js';

/** A variable that a setting is read from. `read` turns the variable's text into the setting's, or passes it over. */
export interface VariableSource {
  readonly name: string;
  readonly read?: (value: string, machine: Machine) => string | undefined;
  /** What becomes of the value, for the documentation: `$HF_HOME/hub`. */
  readonly as?: string;
}

export interface Setting<T> {
  /** Its key in `sluice.toml`, dotted. */
  readonly key: string;
  readonly kind: ValueKind<T>;
  /** Its flag as `sluice --help` shows it, where it has one. */
  readonly flag?: string;
  /** First set one wins; with `all`, the values of all that are set are joined. */
  readonly variables: readonly VariableSource[];
  readonly all?: boolean;
  readonly fallback: (machine: Machine) => T;
  /** The file that a default other than undefined was read from. */
  readonly fallbackFile?: (machine: Machine) => string;
  /** The default in words, for the documentation. */
  readonly fallbackShown: string;
  readonly secret?: boolean;
  /** A running server keeps what it began with. */
  readonly fixed?: boolean;
  /** May not be set inside a profile. */
  readonly outsideProfiles?: boolean;
}

/** A variable whose text is the setting's. */
export const of = (name: string): VariableSource => ({ name });
/** In lower and upper case, as programs for proxies do it. */
export const both = (name: string): readonly VariableSource[] => [of(name.toLowerCase()), of(name)];
export const setting = <T>(definition: Setting<T>): Setting<T> => definition;
/** A kind that may be left unset. */
export const optional = <T>(kind: ValueKind<T>): ValueKind<T | undefined> => ({
  ...kind,
  show: (value) => (value === undefined ? '' : kind.show(value)),
});
