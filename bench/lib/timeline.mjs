// When the events of a pull arrive, counted from the start of its process.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Seconds: the first and the last of each type of event, and the exit. */
export async function timelineOf({ command, args, env, cwd }) {
  const started = process.hrtime.bigint();
  const nowS = () => Number(process.hrtime.bigint() - started) / 1e9;
  const child = spawn(command, [...args, '--json'], { cwd, env: { PATH: process.env.PATH, HOME: cwd, ...env }, stdio: ['ignore', 'pipe', 'ignore'] }); // prettier-ignore
  const seen = new Map();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { type } = JSON.parse(line);
    const known = seen.get(type);
    seen.set(type, { firstS: known?.firstS ?? nowS(), lastS: nowS(), count: (known?.count ?? 0) + 1 });
  });
  await new Promise((resolve) => child.once('close', resolve));
  return { events: seen, exitS: nowS() };
}

export function formatTimeline({ events, exitS }) {
  const rows = [...events].map(
    ([type, { firstS, lastS, count }]) =>
      `${firstS.toFixed(2).padStart(8)} s${(count > 1 ? `…${lastS.toFixed(2)} s` : '').padEnd(9)} ${type}${count > 1 ? ` × ${count}` : ''}`,
  );
  return ['Events of a run without the profiler:', ...rows, `${exitS.toFixed(2).padStart(8)} s          exit`].join(
    '\n',
  );
}
