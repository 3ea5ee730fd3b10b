/** Where no reader goes on. Caught by `runPickle`, which keeps all that was before. */
export class PickleBreak extends Error {
  override readonly name = 'PickleBreak';

  constructor(
    reason: string,
    readonly rule: 'PKL-BROKEN' | 'LIMIT-HIT' = 'PKL-BROKEN',
  ) {
    super(reason);
  }
}
