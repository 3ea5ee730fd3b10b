import type { SluiceEvent } from '../../base/index.js';

type Handlers<T> = {
  readonly [Type in SluiceEvent['type']]?: (event: Extract<SluiceEvent, { type: Type }>) => T;
};

/** Calls the handler of the event's type, if there is one. */
export function matchEvent<T>(event: SluiceEvent, handlers: Handlers<T>): T | undefined {
  const handler = handlers[event.type] as ((event: SluiceEvent) => T) | undefined;
  return handler?.(event);
}
