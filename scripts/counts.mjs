// Prints the counts of vitest JSON reports, one line each that any reader of logs understands, and last what failed and why:
// `node scripts/counts.mjs LABEL=REPORT...`; 1 when anything failed or nothing ran.
import { existsSync, readFileSync } from 'node:fs';

const LINES_OF_A_FAILURE = 12;
const failures = [];
for (const argument of process.argv.slice(2)) {
  const [label, path] = argument.split('=');
  if (!existsSync(path)) {
    failures.push(`${label}: there is no report`);
    continue;
  }
  const report = JSON.parse(readFileSync(path, 'utf8'));
  const { numPassedTests, numFailedTests, numPendingTests } = report;
  process.stdout.write(
    `tests (${label}): ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`,
  );
  for (const { name, message, assertionResults } of report.testResults) {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    for (const { fullName, failureMessages } of failed)
      failures.push(`${label}: ${name} > ${fullName}\n${firstLines(failureMessages.join('\n'))}`);
    if (message !== '' && failed.length === 0) failures.push(`${label}: ${name}\n${firstLines(message)}`);
  }
  if (!report.success && failures.length === 0) failures.push(`${label}: the run failed beside its tests`);
  if (numPassedTests === 0) failures.push(`${label}: nothing ran`);
}
for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
process.exit(failures.length === 0 ? 0 : 1);

function firstLines(text) {
  return text
    .split('\n')
    .slice(0, LINES_OF_A_FAILURE)
    .map((line) => `    ${line}`)
    .join('\n');
}
