// Everything that a run started ends with it, however it ends.
const closers = [];

/** The last registered ends first. Closers may be called more than once. */
export function atEnd(close) {
  closers.push(close);
}

export async function endAll() {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
    try {
      await close();
    } catch (error) {
      console.error(`while ending: ${error.message}`);
    }
  }
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.on(signal, () => void endAll().then(() => process.exit(code)));
}

/** Runs a scenario; ends what it started. */
export async function main(scenario) {
  try {
    await scenario();
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
  await endAll();
}
