// Results as Markdown.
const number = (value, digits) => (value === undefined ? '–' : value.toFixed(digits));

/** Rows by contestant: medians, and our time against theirs. */
export function contestTable({ contestants, shape }) {
  const rows = contestants.map(({ name, proves, wallS, ratio, cpuS, rssMb, verdicts, runs }) => [
    name,
    proves ? 'yes' : 'no',
    number(wallS, 2),
    wallS === undefined ? '–' : number(shape.bytes / wallS / 1e9, 2),
    cpuS === undefined ? '–' : number(cpuS / (shape.bytes / 1e9), 1),
    number(rssMb, 0),
    ratio === undefined ? '–' : `${number(ratio, 2)} ×`,
    ...(shape.idealS === undefined ? [] : [wallS === undefined ? '–' : `${number((shape.idealS / wallS) * 100, 0)} %`]),
    `${runs.length}${told(verdicts)}`,
  ]);
  const share = shape.idealS === undefined ? [] : ['of the line'];
  return table(['', 'proves', 's', 'GB/s', 'CPU s/GB', 'peak MB', 'its time / ours', ...share, 'runs'], rows);
}

export function spreadOf({ contestants, loadAtStart, loadAtEnd }) {
  const spread = ({ name, runs }) => {
    const times = runs.map(({ wallS }) => wallS);
    return `${name} ${number(Math.min(...times), 2)}–${number(Math.max(...times), 2)}`;
  };
  return `Load average ${loadAtStart.join(' ')} at the start, ${loadAtEnd.join(' ')} at the end. Fastest and slowest runs, s: ${contestants.map(spread).join(' · ')}.`; // prettier-ignore
}

/** Rows by scenario: the ideal, and the share of it that each reached. */
export function networkTable(results) {
  const names = [...new Set(results.flatMap(({ contestants }) => contestants.map(({ name }) => name)))];
  const cell = ({ contestants, shape }, name) => {
    const found = contestants.find((each) => each.name === name);
    if (found === undefined) return '';
    const { wallS, verdicts } = found;
    const cost =
      found.cpuS === undefined ? '' : `, ${number(found.cpuS / (shape.bytes / 1e9), 1)} CPU s/GB, ${found.rssMb} MB`;
    const time =
      wallS === undefined ? '' : `${number(wallS, 2)} s, ${number((shape.idealS / wallS) * 100, 0)} %${cost}`;
    return `${time}${told(verdicts)}`.trim();
  };
  const rows = results.map((result) => [
    `${result.title} (\`${result.name.replace('network-', '')}\`)`,
    `${number(result.shape.idealS, 2)} s`,
    ...names.map((name) => cell(result, name)),
    String(result.rounds),
    String(result.loadAtStart[0]),
  ]);
  return table(['', 'ideal', ...names, 'rounds', 'load'], rows);
}

/** What was to be reached, and what was. */
/** Rows of what is no contest of whole commands, by their kind. */
export function rowsTable({ kind, rows }) {
  const { head, cells } = KINDS[kind];
  return table(head, rows.map(cells));
}

const share = (value) => (value === undefined ? '–' : `${value < 0 ? '−' : '+'} ${Math.abs(value * 100).toFixed(1)} %`);
const KINDS = {
  'serve-warm': {
    head: ['clients × file', '', 'GB/s', 'requests/s', 'ours / its', 'ms to the head', '99 %', 'MB', 'MB a stream', 'faults', 'runs'], // prettier-ignore
    cells: ({ shape, name, gbps, perSecond, ratio, headMs, headMs99, memoryMb, perStreamMb, faults, runs }) => [
      shape,
      name,
      number(gbps, 2),
      number(perSecond, 0),
      ratio === undefined ? '–' : `${number(ratio, 2)} ×`,
      number(headMs, 2),
      number(headMs99, 1),
      number(memoryMb, 0),
      number(perStreamMb, 1),
      String(faults),
      String(runs),
    ],
  },
  'serve-cold': {
    head: ['', 'through', 'ms to the first byte', 'beyond direct', 's', 'beyond direct', 'GB/s', 'MB', 'MB a stream', 'runs'], // prettier-ignore
    cells: ({ shape, name, firstMs, addedMs, totalS, addedShare, gbps, memoryMb, perStreamMb, runs }) => [
      shape,
      name,
      number(firstMs, 1),
      addedMs === undefined ? '–' : `${number(addedMs, 1)} ms`,
      number(totalS, 2),
      share(addedShare),
      number(gbps, 2),
      number(memoryMb, 0),
      number(perStreamMb, 1),
      String(runs),
    ],
  },
  scan: {
    head: ['', 'by', 'answer', 'ms', 'GB of file/s', 'CPU s', 'MB', 'runs'],
    cells: ({ shape, name, answer, seconds, gbps, cpuS, memoryMb, runs }) => [shape, name, answer, number(seconds * 1000, 1), number(gbps, 2), number(cpuS, 2), number(memoryMb, 0), String(runs)], // prettier-ignore
  },
  'serve-crowd': {
    head: ['', 'MiB', 'right', 'copies sent by the hub', 's', 'GB/s', 'MB', 'MB a stream', 'runs'],
    cells: ({ shape, bytes, clients, right, copies, seconds, gbps, memoryMb, perStreamMb, runs }) => [
      shape,
      String(bytes / 2 ** 20),
      `${right} of ${clients}`,
      number(copies, 4),
      number(seconds, 0),
      number(gbps, 2),
      number(memoryMb, 0),
      number(perStreamMb, 1),
      String(runs),
    ],
  },
  'start-up': {
    head: ['', 'ms after exec', 'fastest', 'slowest', 'median', 'runs'],
    cells: ({ shape, name, leastMs, mostMs, middleMs, runs }) => [shape, name, ...[leastMs, mostMs, middleMs].map((ms) => number(ms, 0)), String(runs)], // prettier-ignore
  },
};

export function goalsTable(rows) {
  const sign = (isMet) => (isMet === undefined ? '–' : isMet ? 'yes' : '**no**');
  return table(
    ['', 'goal', 'measured', 'reached'],
    rows.map(({ scenario, goal, reached, isMet }) => [scenario, goal, reached, sign(isMet)]),
  );
}

const AS_MEANT = ['right', 'not joined', 'nothing written'];

/** Nothing when every result was right. */
function told(verdicts) {
  const odd = Object.entries(verdicts).filter(([verdict]) => !AS_MEANT.includes(verdict));
  return odd.length === 0 ? '' : ` **${odd.map(([verdict, count]) => `${count} × ${verdict}`).join(', ')}**`;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
