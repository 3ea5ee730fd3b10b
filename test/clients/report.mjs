// What was proven, a line each; the last line counts.
const counts = { passed: 0, failed: 0 };

/** Runs one proof: `prove` throws when it does not hold. */
export async function proof(client, claim, prove) {
  const startedMs = Date.now();
  try {
    await prove();
    counts.passed += 1;
    say('ok  ', client, claim, startedMs);
  } catch (error) {
    counts.failed += 1;
    say('FAIL', client, claim, startedMs);
    process.stdout.write(`     ${String(error?.message ?? error).replaceAll('\n', '\n     ')}\n`);
  }
}

export function summary() {
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
  return counts.failed === 0 ? 0 : 1;
}

function say(mark, client, claim, startedMs) {
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(`${mark} ${client.padEnd(26)} ${claim} (${seconds} s)\n`);
}

/** Deep equality, with a short account of the differences. */
export function same(actual, expected, what) {
  if (stable(actual) === stable(expected)) return;
  const isMap = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
  if (!isMap(actual) || !isMap(expected)) {
    throw new Error(`${what}\n  expected ${cut(stable(expected))}\n  actual   ${cut(stable(actual))}`);
  }
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort();
  const differing = keys.filter((key) => stable(actual[key]) !== stable(expected[key]));
  const lines = differing.map((key) => `  ${key}: expected ${stable(expected[key])}, actual ${stable(actual[key])}`);
  throw new Error(`${what}\n${cut(lines.join('\n'))}`);
}

export function holds(condition, what) {
  if (!condition) throw new Error(what);
}

function stable(value) {
  return JSON.stringify(value, (_, inner) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function cut(text = 'undefined') {
  return text.length > 1200 ? `${text.slice(0, 1200)}…` : text;
}
