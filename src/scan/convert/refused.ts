/** Why a checkpoint is not converted: it is not harmless, or holds what a file of tensors cannot. */
export class ConversionRefused extends Error {
  override readonly name = 'ConversionRefused';
}
