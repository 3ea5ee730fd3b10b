// What the engine has to show, scenario by scenario, and what the results say about it. Ratios are of one run's pairs.
const NO_PROOF = /no proof|curl|wget|axel/;

/** [{ scenario, goal, reached, isMet }] for results by name; `isMet` is undefined where there is nothing to judge by. */
export function judgeGoals(results) {
  return GOALS.map(({ scenario, from, goal, judge }) => {
    const result = results.get(from);
    if (result === undefined) return { scenario, goal, reached: 'not measured' };
    if (result.skipped !== undefined) return { scenario, goal, reached: `skipped: ${result.skipped}` };
    if (result.contestants !== undefined && result.contestants[0].wallS === undefined)
      return { scenario, goal, reached: 'we never finished', isMet: false };
    const facts = judge(result);
    const tests = facts.filter(({ isMet }) => isMet !== undefined);
    const isMet = tests.length === 0 ? undefined : tests.every((fact) => fact.isMet);
    return { scenario, goal, reached: facts.map(({ text }) => text).join('; '), isMet };
  }).concat(memoryGoal(results), cpuGoal(results));
}

const GOALS = [
  {
    scenario: 'one file, http, proof on',
    from: 'one-file-http',
    goal: '≥ 5 × aria2 with checksum; ≥ 0.8 of one core’s SHA-256, or of the C writer where that is lower',
    judge: (result) => [times(result, /^aria2.*checksum/, 5), shareOfLimit(result, /\(the limit\)$/, 0.8)],
  },
  {
    scenario: 'one file, http, piece proof only',
    from: 'one-file-pieces',
    goal: '≥ 4 × aria2 without checksum; ≥ 0.9 of the C writer',
    judge: (result) => [times(result, /^aria2.*no proof/, 4), shareOfLimit(result, /^C reader/, 0.9)],
  },
  {
    scenario: 'one file, https, proof on',
    from: 'one-file-https',
    goal: '≥ 3.5 × aria2 with checksum; ahead of curl -Z and of all that prove nothing',
    judge: (result) => [times(result, /^aria2.*checksum/, 3.5), times(result, NO_PROOF, 1)],
  },
  {
    scenario: 'eight shards and small files',
    from: 'shards',
    goal: '≥ 2 × the best of hf download, aria2 -i, modelscope',
    judge: (result) => [times(result, /^(hf|aria2|modelscope) /, 2)],
  },
  {
    scenario: '2,000 small files',
    from: 'small-files',
    goal: '≥ 3 × hf download; ≥ 1.2 × aria2 -i -j16',
    judge: (result) => [times(result, /^hf /, 3), times(result, /^aria2/, 1.2)],
  },
  ideal('5 MB/s a connection, 100 in all, 256 MiB', 'capped-256', 0.9),
  ideal('the same, 2 GiB', 'capped-2048', 0.97),
  ideal('mirrors of 20, 50, 100 MB/s, 256 MiB', 'mirrors-256', 0.92),
  ideal('the same, 2 GiB', 'mirrors-2048', 0.97),
  ideal('the fastest mirror dies at half', 'dies', 0.92),
  ideal('the fastest falls silent at half', 'stalls', 0.92),
  ideal('a mirror lies', 'lies', 0.92),
  ideal('70 % slow edges', 'slow-edges', 0.9),
  ideal('collapse beyond 8 connections', 'collapse', 0.9),
  {
    scenario: '100 ms, 1 % loss, 500 Mbit/s',
    from: 'lossy-line',
    goal: '≥ 0.9 of aria2’s best setting, untold',
    judge: (result) => [times(result, /^aria2/, 0.9)],
  },
  ideal('429 windows', 'rate-limit', 1 / 1.1, 'ideal time + 10 %'),
  ideal('signed URLs of 2 s', 'signed-urls', 1 / 1.1, 'ideal time + 10 %'),
  {
    scenario: 'Xet storage, bf16',
    from: 'xet',
    goal: '≥ hf_xet’s speed, ≤ 512 MB',
    judge: (result) => [times(result, /hf_xet/, 1), atMost(result, 512)],
  },
  ...[1, 8, 64].map((clients) => ({
    scenario: `\`sluice serve\`, warm, ${clients} client${clients === 1 ? '' : 's'}`,
    from: 'serve-warm',
    goal: '≥ 0.8 × nginx (sendfile, proxy_cache), ≥ 5 × Olah; 64 in < 400 MB',
    judge: ({ rows }) => [
      ...served(rows, `${clients} × large`, { nginx: 0.8, Olah: 5 }),
      ...(clients === 64 ? [below(rows, '64 × large', 'memoryMb', 400, 'MB')] : []),
    ],
  })),
  {
    scenario: '`sluice serve`, warm, small files',
    from: 'serve-warm',
    goal: '≥ 5 × Olah; nginx’s stated',
    judge: ({ rows }) => served(rows, '16 × small', { nginx: undefined, Olah: 5 }),
  },
  ...['loopback', 'line'].map((where) => ({
    scenario: `\`sluice serve\`, cold, ${where === 'line' ? '1 Gbit/s' : where}`,
    from: 'serve-cold',
    goal: 'adds < 20 ms to the first byte, < 5 % to the transfer',
    judge: ({ rows }) => [
      below(rows, `${where}, next`, 'addedMs', 20, 'ms'),
      below(rows, `${where}, next`, 'addedShare', 0.05, ''),
    ],
  })),
  {
    scenario: '`sluice serve`, cold, 1 Gbit/s, 1 GiB',
    from: 'serve-cold',
    goal: 'adds < 20 ms to the first byte, < 5 % to the transfer',
    judge: ({ rows }) => [
      below(rows, 'line, 1024 MiB', 'addedMs', 20, 'ms'),
      below(rows, 'line, 1024 MiB', 'addedShare', 0.05, ''),
    ],
  },
  ...['loopback', 'line'].map((where) => ({
    scenario: `\`sluice serve\`, the very first request, ${where === 'line' ? '1 Gbit/s' : where}`,
    from: 'serve-cold',
    goal: 'adds < 20 ms to the first byte',
    judge: ({ rows }) => [below(rows, `${where}, once`, 'addedMs', 20, 'ms')],
  })),
  {
    scenario: '`sluice serve`, 64 clients on a cold file',
    from: 'serve-cold',
    goal: '< 400 MB',
    judge: ({ rows }) => [below(rows, '64 clients', 'memoryMb', 400, 'MB')],
  },
  {
    scenario: 'scanning safetensors, 4 GiB',
    from: 'scan',
    goal: 'the time that reading its header takes: ≤ 20 ms beyond it',
    judge: ({ rows }) => {
      const [ours, header] = ['sluice', 'its header'].map((word) => scanRow(rows, 'safetensors', word));
      if (ours === undefined || header === undefined) return [{ text: 'not measured' }];
      const beyondMs = (ours.seconds - header.seconds) * 1000;
      return [{ text: `${(ours.seconds * 1000).toFixed(1)} ms, ${beyondMs.toFixed(1)} beyond`, isMet: beyondMs <= 20 }];
    },
  },
  {
    scenario: 'scanning a torch zip, 4 GB',
    from: 'scan',
    goal: '≥ 500 MB of file a second',
    judge: ({ rows }) => {
      const [structure, whole] = ['sluice', 'sluice, every byte'].map((word) => scanRow(rows, 'torch zip', word));
      if (structure === undefined || whole === undefined) return [{ text: 'not measured' }];
      return [[whole, 'every byte read'], [structure, 'only what can run read']].map(([{ gbps, answer }, how]) => ({ text: `${gbps.toFixed(1)} GB/s, ${how}`, isMet: gbps >= 0.5 && answer === 'CLEAN' })); // prettier-ignore
    },
  },
  {
    scenario: '`sluice serve`, 100 clients on a cold file of 1 GiB',
    from: 'serve-crowd',
    goal: '1.0 copies, all right',
    judge: ({ rows: [{ copies, right, clients, bytes }] }) => [
      {
        text: `${copies.toFixed(3)} copies, ${right} of ${clients} right, ${bytes / 2 ** 20} MiB`,
        isMet: copies < 1.005 && right === clients && clients >= 100 && bytes >= 2 ** 30,
      },
    ],
  },
];

function scanRow(rows, shape, name) {
  return rows.find((row) => row.shape.startsWith(shape) && row.name.startsWith(name));
}

/** Our row by theirs; `least`: by a word of their name. */
function served(rows, shape, least) {
  const found = rows.filter((row) => row.shape === shape && !row.name.startsWith('sluice'));
  return Object.entries(least).flatMap(([word, most]) =>
    found
      .filter(({ name, ratio }) => name.includes(word) && ratio !== undefined)
      .map(({ name, ratio }) => ({
        text: `${ratio.toFixed(2)} × ${name}`,
        ...(most === undefined ? {} : { isMet: ratio >= most }),
      })),
  );
}

function below(rows, shape, key, most, unit) {
  const value = rows.find((row) => row.shape === shape && row.name.startsWith('sluice'))?.[key];
  if (value === undefined) return { text: `${key} not measured` };
  return { text: unit === '' ? `${(value * 100).toFixed(1)} %` : `${value} ${unit}`, isMet: value < most };
}

function ideal(scenario, shape, least, words = `≥ ${least} of the ideal`) {
  return {
    scenario,
    from: `network-${shape}`,
    goal: words,
    judge: ({ contestants: [ours, ...others], shape: { idealS } }) => {
      const share = idealS / ours.wallS;
      const aria2 = others.find(({ name }) => /^aria2.*checksum/.test(name));
      const theirs = aria2?.wallS === undefined ? 'fails' : (idealS / aria2.wallS).toFixed(2);
      return [
        {
          text: `${share.toFixed(2)} of the ideal (aria2 ${aria2 === undefined ? '–' : theirs})`,
          isMet: share >= least,
        },
        verdictOf(ours),
      ].filter((fact) => fact !== undefined);
    },
  };
}

/** A run that did not bring the right bytes fails its goal, however fast. */
function verdictOf(ours) {
  const wrong = Object.keys(ours.verdicts).filter((verdict) => verdict !== 'right');
  return wrong.length === 0 ? undefined : { text: wrong.join(', '), isMet: false };
}

/** By how much we are faster than the fastest of those whose names fit. */
function times({ contestants: [ours, ...others] }, pattern, least) {
  const found = others.filter(({ name, ratio }) => pattern.test(name) && ratio !== undefined);
  if (found.length === 0) return { text: `nobody like ${pattern.source}` };
  const best = found.reduce((one, other) => (other.ratio < one.ratio ? other : one));
  return {
    text: `${best.ratio.toFixed(2)} × ${best.name}`,
    isMet: best.ratio >= least && verdictOf(ours) === undefined,
  };
}

/** Of several limits the one that takes longest is the limit. */
function shareOfLimit({ contestants: [, ...others] }, pattern, least) {
  const found = others.filter(({ name, ratio }) => pattern.test(name) && ratio !== undefined);
  if (found.length === 0) return { text: 'no limit measured' };
  const lowest = found.reduce((one, other) => (other.ratio > one.ratio ? other : one));
  return { text: `${lowest.ratio.toFixed(2)} of ${lowest.name.replace(/[ ,(].*/, '')}`, isMet: lowest.ratio >= least };
}

function atMost({ contestants: [ours] }, mostMb) {
  const peak = peakOf(ours);
  return peak === undefined ? { text: 'memory not measured' } : { text: `${peak} MB`, isMet: peak <= mostMb };
}

function peakOf({ runs }) {
  const known = runs.map(({ rssMb }) => rssMb).filter((each) => each !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function measured(results) {
  return [...results.values()].filter(({ contestants, name }) => contestants !== undefined && name !== 'xet');
}

function memoryGoal(results) {
  const peaks = measured(results).map(({ name, contestants }) => ({ name, peak: peakOf(contestants[0]) ?? 0 }));
  const goal = '≤ 256 MB';
  if (peaks.length === 0) return { scenario: 'peak memory, http and https', goal, reached: 'not measured' };
  const worst = peaks.reduce((one, other) => (other.peak > one.peak ? other : one));
  return {
    scenario: 'peak memory, http and https',
    goal,
    reached: `${worst.peak} MB (${worst.name})`,
    isMet: worst.peak <= 256,
  };
}

function cpuGoal(results) {
  const perGb = ({ cpuS }, { bytes }) => (cpuS === undefined ? '–' : (cpuS / (bytes / 1e9)).toFixed(1));
  const texts = ['one-file-http', 'one-file-https', 'shards'].flatMap((name) => {
    const result = results.get(name);
    if (result?.contestants === undefined) return [];
    const aria2 = result.contestants.find((each) => /^aria2.*checksum/.test(each.name));
    const theirs = aria2 === undefined ? '' : ` (aria2 ${perGb(aria2, result.shape)})`;
    return [`${name} ${perGb(result.contestants[0], result.shape)}${theirs}`];
  });
  return { scenario: 'CPU seconds per GB', goal: 'stated', reached: texts.join('; ') || 'not measured' };
}
