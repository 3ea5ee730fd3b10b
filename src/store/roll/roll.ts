import { createHash, randomBytes } from 'node:crypto';
import { lstat, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unless } from '../files/errors.js';
import { jsonObject } from '../files/json-object.js';
import { writeAtomic } from '../files/write-atomic.js';
import { layoutOf } from '../layout.js';
import { newRecord, parseRecord } from '../lease/lease-record.js';
import { isDead, ownIdentity, type ProcessIdentity } from '../lease/process-identity.js';

/**
 * Who of this host is at the same thing in this store at present: each member keeps a small file that says something, writes it again and
 * again, and reads those of the others. No locks; a member that falls silent, or whose process is gone, is not seen any more.
 */
export interface Roll {
  /** Says this until it says something else. Must be called again within `silentMs`. */
  say(value: object): Promise<void>;
  /** What the others said last. Anything may have written it: check the shape. */
  others(): Promise<readonly unknown[]>;
  leave(): Promise<void>;
}

export interface RollTiming {
  /** A member whose file stays as it is for so long does not count. */
  readonly silentMs: number;
  /** How far a file's time may lie from our own file's to be believed at first sight. */
  readonly believableMs: number;
  /** Files that nobody has written for so long are removed. */
  readonly forgottenMs: number;
}

const ROLL_TIMING: RollTiming = { silentMs: 5000, believableMs: 10_000, forgottenMs: 3_600_000 };
const MOST_MEMBERS = 256;
const MOST_FILE_BYTES = 4096;
const NAME = /^([0-9a-f]{32})\.json$/;

interface Sighting {
  readonly content: string;
  readonly sinceMs: number;
  readonly isBelieved: boolean;
}

/** Joins the roll `limits` of the store at `root`; nobody sees it before it says something. */
export function joinLimits(root: string, timing: RollTiming = ROLL_TIMING): Roll {
  const { limits: folder, tmp } = layoutOf(root);
  const record = newRecord(randomBytes(16).toString('hex'));
  const own = join(folder, `${record.token}.json`);
  const sightings = new Map<string, Sighting>();
  let writtenMs = Date.now();
  let beat = 0;

  const look = async (name: string): Promise<unknown> => {
    const path = join(folder, name);
    const stat = await unless(lstat(path));
    if (stat?.isFile() !== true) return undefined;
    const ageMs = writtenMs - stat.mtimeMs;
    const text = stat.size > MOST_FILE_BYTES ? '' : ((await unless(readFile(path, 'utf8'))) ?? '');
    const member = parseRecord(text);
    const isOurs = member !== undefined && isHere(member);
    if (ageMs > timing.forgottenMs || (isOurs && isDead(member))) {
      await rm(path, { force: true });
      return undefined;
    }
    if (!isOurs || name !== `${member.token}.json`) return undefined;
    const nowMs = performance.now();
    const content = createHash('sha256').update(`${stat.mtimeMs} ${text}`).digest('hex');
    const before = sightings.get(name);
    if (before?.content !== content) {
      const isBelieved = before !== undefined || Math.abs(ageMs) <= timing.believableMs;
      sightings.set(name, { content, sinceMs: nowMs, isBelieved });
      return isBelieved ? jsonObject(text)?.value : undefined;
    }
    return before.isBelieved && nowMs - before.sinceMs <= timing.silentMs ? jsonObject(text)?.value : undefined;
  };

  return {
    say: async (value) => {
      beat += 1;
      await writeAtomic(own, `${JSON.stringify({ version: 1, ...record, beat, value })}\n`, { tmp, sync: 'none' });
      writtenMs = (await unless(lstat(own)))?.mtimeMs ?? Date.now();
    },
    others: async () => {
      const names = (await unless(readdir(folder))) ?? [];
      const members = names.filter((name) => NAME.test(name) && join(folder, name) !== own).sort();
      for (const name of sightings.keys()) if (!members.includes(name)) sightings.delete(name);
      // One that cannot be read says nothing; the others still count.
      const said = await Promise.all(members.slice(0, MOST_MEMBERS).map((name) => look(name).catch(() => undefined)));
      return said.filter((value) => value !== undefined);
    },
    leave: async () => {
      await rm(own, { force: true });
    },
  };
}

/** Processes in containers of this machine are here too: they use the same line. */
function isHere(member: ProcessIdentity): boolean {
  const me = ownIdentity();
  if (member.bootId === undefined || me.bootId === undefined) return member.host === me.host;
  return member.bootId === me.bootId;
}
