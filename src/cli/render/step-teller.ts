import type { CommandContext, Session } from '../context.js';
import { say, type TextKey } from '../texts/index.js';
import { truncateMiddle } from './width.js';

const STEPS: Readonly<Record<string, TextKey>> = {
  listing: 'step.listing',
  measuring: 'step.measuring',
  long: 'step.long',
  specimen: 'step.specimen',
  machine: 'step.machine',
  names: 'step.names',
  connections: 'step.connections',
  tls: 'step.tls',
  answer: 'step.answer',
  route: 'step.route',
};

/** Says on a terminal, in one line that is written over, what is looked at; an empty step takes the line away. */
export function stepTeller(session: Session, { host }: CommandContext): (step: string, about: string) => void {
  if (host.stderr.isTTY !== true) return () => undefined;
  const { lang, err } = session;
  return (step, about): void => {
    const key = STEPS[step];
    const streams = /^streams-(\d+)$/.exec(step)?.[1];
    const what = key === undefined ? say(lang, 'step.streams', { count: streams ?? '' }) : say(lang, key);
    const text = step === '' ? '' : say(lang, 'step.line', { about, what });
    host.stderr.write(`\r\u001b[K${err.style.dim(truncateMiddle(text, session.errColumns() - 1, err.signs.ellipsis))}`);
  };
}
