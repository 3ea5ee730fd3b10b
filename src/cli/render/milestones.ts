import { formatBytes, formatDuration, formatRate, printable, type SluiceEvent } from '../../base/index.js';
import { checksText, filesText, say } from '../texts/index.js';
import type { Line } from './line.js';
import type { Look } from './look.js';
import { matchEvent } from './match-event.js';

/** Up to this many files each gets its own line when it is proven; beyond, the counter tells. */
const FEW_FILES = 20;

/** The lines that stay on the screen: what was resolved, what is to be done, what was proven, how it ended. */
export function createMilestones(look: Look): (event: SluiceEvent) => readonly Line[] {
  const { lang, signs } = look;
  let filesTotal = 0;
  return (event) =>
    matchEvent<readonly Line[]>(event, {
      'ref.resolved': (it) => {
        const revision = it.revision === it.commit ? undefined : it.revision;
        const commit = it.commit.slice(0, 12);
        const values = { ref: it.ref, arrow: signs.arrow, commit, revision, host: it.host };
        return [{ text: say(lang, 'pull.resolved', values), weight: 'bold' }];
      },
      'plan.ready': (it) => {
        filesTotal = it.plan.files;
        return planLines(it, look);
      },
      'file.proven': (it) => (filesTotal > FEW_FILES ? [] : [provenLine(it, look)]),
      'view.landed': (it) => {
        const { copy = 0, symlink = 0 } = it.methods;
        const lines: Line[] = [];
        if (copy > 0 && it.view !== 'flat')
          lines.push({ sign: 'warn', text: say(lang, 'pull.copied', { count: copy, path: it.path }) });
        if (symlink > 0) lines.push({ text: `  ${say(lang, 'pull.symlinked', { count: symlink })}` });
        return lines;
      },
      'pull.done': (it) => [doneLine(it, look)],
    }) ?? [];
}

function planLines({ plan }: Extract<SluiceEvent, { type: 'plan.ready' }>, look: Look): readonly Line[] {
  const { lang, signs } = look;
  const total = plan.totalBytes === null ? say(lang, 'progress.unknown') : formatBytes(plan.totalBytes);
  const head = say(lang, 'pull.plan', {
    files: filesText(lang, plan.files),
    total,
    arrow: signs.arrow,
    target: plan.target,
  });
  const parts: string[] = [];
  if (plan.haveBytes > 0) parts.push(say(lang, 'pull.planHave', { have: formatBytes(plan.haveBytes) }));
  if (plan.resumeBytes > 0) parts.push(say(lang, 'pull.planResume', { bytes: formatBytes(plan.resumeBytes) }));
  if (plan.fetchBytes === 0) parts.push(say(lang, 'pull.planNothing'));
  else if (plan.fetchBytes !== null) parts.push(say(lang, 'pull.planFetch', { bytes: formatBytes(plan.fetchBytes) }));
  const detail: Line = { text: `  ${parts.join(` ${signs.dot} `)}`, weight: 'dim' };
  return [{ text: `  ${head}` }, ...(parts.length === 0 ? [] : [detail])];
}

function provenLine(event: Extract<SluiceEvent, { type: 'file.proven' }>, look: Look): Line {
  const { lang, signs } = look;
  const how =
    event.checks.length === 0
      ? say(lang, 'progress.unproven')
      : say(lang, 'progress.proven', { checks: checksText(event.checks) });
  const aside = `${formatBytes(event.sizeBytes)} ${signs.dot} ${how}`;
  return { sign: 'done', text: printable(event.file), aside };
}

function doneLine(event: Extract<SluiceEvent, { type: 'pull.done' }>, { lang }: Look): Line {
  const copied = event.copiedBytes === 0 ? [] : [say(lang, 'pull.fromHere', { bytes: formatBytes(event.copiedBytes) })];
  const details =
    event.fetchedBytes === 0
      ? [say(lang, 'pull.fetchedNothing'), ...copied]
      : [
          say(lang, 'pull.fetched', {
            bytes: formatBytes(event.fetchedBytes),
            rate: formatRate(event.fetchedBytes / Math.max(0.001, event.ms / 1000)),
          }),
          ...copied,
          say(lang, 'pull.requests', { count: event.requests }),
        ];
  const text = say(lang, 'pull.done', {
    ref: event.ref,
    files: filesText(lang, event.files),
    bytes: formatBytes(event.bytes),
    time: formatDuration(event.ms),
    details: details.join(lang === 'zh' ? '，' : ', '),
  });
  return { sign: 'done', text, weight: 'bold' };
}
