/** Puts a look on a text; each is the identity where colours are off. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

export function createStyle(color: boolean): Style {
  const look = (open: number, close: number) => (text: string) =>
    color && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: look(1, 22),
    dim: look(2, 22),
    red: look(31, 39),
    green: look(32, 39),
    yellow: look(33, 39),
    cyan: look(36, 39),
  };
}

/** Signs beyond letters, with their stand-ins where the locale is not UTF-8. */
export interface Signs {
  readonly done: string;
  readonly warn: string;
  readonly fail: string;
  readonly dot: string;
  readonly arrow: string;
  readonly ellipsis: string;
  readonly barDone: string;
  readonly barRest: string;
  readonly dash: string;
}

export function createSigns(unicode: boolean): Signs {
  return unicode
    ? { done: '✓', warn: '!', fail: '✗', dot: '·', arrow: '→', ellipsis: '…', barDone: '━', barRest: '─', dash: '–' }
    : {
        done: '+',
        warn: '!',
        fail: 'x',
        dot: '|',
        arrow: '->',
        ellipsis: '...',
        barDone: '#',
        barRest: '-',
        dash: '-',
      };
}
