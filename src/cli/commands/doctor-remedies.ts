import type { Command } from 'commander';
import { nearest, parseDuration, parseRate, SluiceError } from '../../base/index.js';
import type { Proposal, RemedyContext, RemedyOptions } from '../../doctor/index.js';
import type { CommandContext, Session } from '../context.js';
import type { SettingOptions } from '../options.js';
import { renderCleaning } from '../render/cleaning.js';
import { differenceLines } from '../render/difference.js';
import {
  REMEDY_NAMES,
  renderProposal,
  renderRemedies,
  renderUndone,
  settingName,
  valueText,
} from '../render/remedy.js';
import { stepTeller } from '../render/step-teller.js';

export interface RemedyFlags extends SettingOptions {
  readonly json?: boolean;
  readonly remedy?: string;
  readonly apply?: boolean;
  readonly mirror?: string;
  readonly rate?: string;
  readonly rtt?: string;
  readonly root?: string;
  readonly remedies?: boolean;
  /** `true` without a number: the last one. */
  readonly undo?: string | true;
  readonly force?: boolean;
}

type Name = (typeof REMEDY_NAMES)[number];

export function addRemedyOptions(command: Command, { say }: CommandContext): void {
  command
    .option('--remedy <name>', say('option.remedy', { names: REMEDY_NAMES.join(', ') }))
    .option('--apply', say('option.applyRemedy'))
    .option('--mirror <url>', say('option.mirror'))
    .option('--rate <rate>', say('option.rate'))
    .option('--rtt <time>', say('option.rtt'))
    .option('--root <dir>', say('option.root'))
    .option('--remedies', say('option.remedies'))
    .option('--undo [number]', say('option.undo'))
    .option('--force', say('option.forceUndo'));
}

/** Whether the command line is about remedies; anything that only goes with one is refused without. */
export function isAboutRemedies(flags: RemedyFlags): boolean {
  const asked = [flags.remedy !== undefined, flags.remedies === true, flags.undo !== undefined].filter(Boolean).length;
  const { apply, mirror, rate, rtt, force, root } = flags;
  const with_ = { '--apply': apply, '--mirror': mirror, '--rate': rate, '--rtt': rtt, '--root': root };
  for (const [option, value] of Object.entries(with_))
    if (value !== undefined && flags.remedy === undefined) throw usage(`${option} goes with --remedy NAME`);
  if (force === true && flags.undo === undefined) throw usage('--force goes with --undo');
  if (asked > 1) throw usage('--remedy, --remedies and --undo exclude each other');
  return asked === 1;
}

export async function mend(
  subject: string | undefined,
  flags: RemedyFlags,
  session: Session,
  context: CommandContext,
): Promise<void> {
  if (flags.remedy !== undefined) return remedy(nameOf(flags.remedy), subject, flags, session, context);
  const api = await session.api();
  const { home } = session.loaded.settings;
  const print = (lines: readonly string[]): void => lines.forEach(session.print);
  if (flags.undo === undefined) {
    const records = await api.listRemedies(home);
    if (flags.json)
      session.print(JSON.stringify(records.map(({ changes, ...rest }) => ({ ...rest, paths: changes.map(pathOf) }))));
    else print(renderRemedies(records, session.out, session.outColumns()));
    return;
  }
  const id = flags.undo === true ? undefined : flags.undo;
  const undone = await api.undoRemedy(home, id, { force: flags.force === true, signal: session.pullContext().signal });
  const changed = undone.steps.filter(({ state }) => state === 'changed').map(({ change }) => change.path);
  const { record, isDone } = undone;
  if (flags.json) session.print(JSON.stringify({ id: record.id, remedy: record.remedy, isDone, changed }));
  else print(renderUndone(undone, session.out, session.outColumns()));
  const [path] = changed;
  if (!isDone && path !== undefined) throw new SluiceError('CHANGED_SINCE', { path, id: record.id });
}

async function remedy(
  name: Name,
  subject: string | undefined,
  flags: RemedyFlags,
  session: Session,
  context: CommandContext,
): Promise<void> {
  const api = await session.api();
  const apply = flags.apply === true;
  if (name === 'clean') {
    const nowMs = context.host.now();
    const report = await api.cleanUp(session.pullContext(), { apply, nowMs });
    const command = 'sluice doctor --remedy clean --apply';
    if (flags.json) session.print(JSON.stringify(report));
    else renderCleaning(report, command, session.out, session.outColumns(), nowMs).forEach(session.print);
    return;
  }
  const options = optionsOf(flags, subject);
  const tell = flags.json ? () => undefined : stepTeller(session, context);
  const { settings } = session.loaded;
  const surroundings: RemedyContext = {
    ...{ ...session.pullContext(), tell, env: context.host.env },
    profile: settings.profile,
  };
  const done = await (
    apply
      ? api.applyRemedy(name, options, surroundings)
      : api.proposeRemedy(name, options, surroundings).then((proposal) => ({ proposal, applied: undefined }))
  ).finally(() => tell('', ''));
  const refused = done.applied?.refused ?? [];
  const proposal: Proposal = {
    ...done.proposal,
    changes: done.proposal.changes.filter((change) => !refused.includes(change)),
    notes: [
      ...done.proposal.notes,
      ...refused.map(({ path, after }) => ({
        code: 'REFUSED_VALUE' as const,
        values: { name: settingName(path), value: valueText(after.bytes) },
      })),
    ],
  };
  const id = done.applied?.record.id;
  if (flags.json) {
    session.print(JSON.stringify(plain(proposal, id)));
    return;
  }
  const system = proposal.changes.some(({ path }) => /^\/(?:etc|proc|sys)\//.test(path)) && process.geteuid?.() !== 0;
  const again = id === undefined ? applyCommand(name, proposal, flags) : `sluice doctor --undo ${id}`;
  const command =
    system || (id !== undefined && process.geteuid?.() === 0 && 'SUDO_USER' in context.host.env)
      ? `sudo ${again}`
      : again;
  const next = { isApplied: id !== undefined, command };
  renderProposal(proposal, next, session.out, session.outColumns()).forEach(session.print);
}

/** The same again, with what was measured, so that what is done is what was shown. */
function applyCommand(name: Name, { notes }: Proposal, { mirror, root, profile }: RemedyFlags): string {
  const measured = notes.find(({ code }) => code === 'PRODUCT')?.values;
  const parts = [
    `sluice doctor --remedy ${name}`,
    ...(measured === undefined
      ? []
      : [`--rate ${Math.ceil(Number(measured.rate) / 1e6)}MB/s --rtt ${Math.ceil(Number(measured.ms))}ms`]),
    ...(mirror === undefined ? [] : [`--mirror ${mirror}`]),
    ...(profile === undefined ? [] : [`--profile ${profile}`]),
    ...(root === undefined ? [] : [`--root ${/^[\w./-]+$/.test(root) ? root : `'${root.replaceAll("'", `'\\''`)}'`}`]),
  ];
  return [...parts, '--apply'].join(' ');
}

/** For programs: differences and no contents, which may hold passwords. */
function plain({ remedy, changes, commands, notes }: Proposal, id: string | undefined): unknown {
  const told = changes.map(({ kind, path, before, after }) =>
    kind === 'value'
      ? { kind, path, before: valueText(before?.bytes), after: valueText(after.bytes) }
      : { kind, path, isNew: before === undefined, diff: differenceLines(before?.bytes, after.bytes) },
  );
  return { remedy, ...(id === undefined ? { applied: false } : { applied: true, id }), changes: told, commands, notes };
}

function optionsOf({ mirror, rate, rtt, root }: RemedyFlags, subject: string | undefined): RemedyOptions {
  const bytesPerSecond = rate === undefined ? undefined : parseRate(rate);
  const roundTripMs = rtt === undefined ? undefined : parseDuration(rtt);
  if (rate !== undefined && !bytesPerSecond) throw usage(`--rate ${rate}: not a rate such as 100MB/s`);
  if (rtt !== undefined && !roundTripMs) throw usage(`--rtt ${rtt}: not a time such as 200ms`);
  return {
    root: root ?? '/',
    ...(mirror === undefined ? {} : { mirror }),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(roundTripMs === undefined ? {} : { roundTripMs }),
    ...(subject === undefined ? {} : { subject }),
  };
}

function nameOf(text: string): Name {
  const name = REMEDY_NAMES.find((known) => known === text);
  if (name !== undefined) return name;
  const near = nearest(text, REMEDY_NAMES);
  throw usage(`there is no remedy ${text}: ${near === undefined ? REMEDY_NAMES.join(', ') : `did you mean ${near}?`}`);
}

function pathOf({ path }: { readonly path: string }): string {
  return path;
}

function usage(reason: string): SluiceError {
  return new SluiceError('USAGE', { reason });
}
