import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, SluiceError, toSluiceError } from '../../../base/index.js';
import { syncFolder } from './place-file.js';
import { parseRecord, writeRecord, type RemedyRecord } from './record.js';

/** Records of what was applied, in a folder that only its owner reads: earlier bytes may hold passwords. */
export interface RemedyJournal {
  /** Oldest first. @throws SluiceError FILE_UNFIT for a record that cannot be read: what it changed is unknown */
  list(): Promise<readonly RemedyRecord[]>;
  /** Gives the record a number of its own; on the disk when it returns. */
  add(record: Omit<RemedyRecord, 'id'>): Promise<RemedyRecord>;
  replace(record: RemedyRecord): Promise<void>;
  remove(id: string): Promise<void>;
}

export function openRemedyJournal(storeHome: string): RemedyJournal {
  const folder = join(storeHome, 'remedies');
  const pathOf = (id: string): string => join(folder, `${id}.json`);
  const ids = async (): Promise<readonly number[]> => {
    const names = await readdir(folder).catch((thrown: unknown): string[] => {
      if (errnoOf(thrown) === 'ENOENT') return [];
      throw toSluiceError(thrown, { path: folder });
    });
    const found = names.flatMap((name) => /^([1-9]\d{0,8})\.json$/.exec(name)?.[1] ?? []);
    return found.map(Number).sort((one, other) => one - other);
  };
  const put = async (record: RemedyRecord): Promise<void> => {
    const temporary = `${pathOf(record.id)}.new`;
    // One that another run is writing now, or that a killed one left: nothing was changed for it yet.
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(writeRecord(record));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, pathOf(record.id));
    await syncFolder(folder);
  };
  return {
    async list() {
      const records: RemedyRecord[] = [];
      for (const number of await ids()) {
        const path = pathOf(String(number));
        const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
          throw toSluiceError(thrown, { path });
        });
        const record = parseRecord(text, String(number));
        if (record === undefined) throw new SluiceError('FILE_UNFIT', { path, reason: 'it is no record of a remedy' });
        records.push(record);
      }
      return records;
    },
    async add(record) {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const added = { ...record, id: String(((await ids()).at(-1) ?? 0) + 1) };
        await put(added);
        return added;
      } catch (thrown) {
        throw toSluiceError(thrown, { path: folder });
      }
    },
    replace: put,
    async remove(id) {
      await rm(pathOf(id), { force: true });
      await syncFolder(folder);
    },
  };
}
