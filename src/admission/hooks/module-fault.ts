/** A module is not one that may run here. */
export class ModuleFault extends Error {
  override readonly name = 'ModuleFault';
}
