import type { TarMember } from '../tar/members.js';

const MEMBERS = ['pickle', 'storages', 'tensors'];

/** What `torch.save` wrote before 0.1.10. Every PyTorch still reads it, with its full unpickler whatever it was told. */
export function isTorchTar(members: readonly TarMember[]): boolean {
  const names = new Set(members.map(({ name }) => name.replace(/^\.\//, '')));
  return MEMBERS.every((name) => names.has(name));
}
