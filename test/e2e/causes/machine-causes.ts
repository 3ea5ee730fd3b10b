import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { smallDisk } from '../disk.js';
import { hub } from '../hub.js';
import { quickMachine, withSettings, type Cause } from './cause.js';
import { slowDisk, whyNoSlowDisk } from './slow-disk.js';

/** Root may write everywhere, so there the program runs as `nobody`. */
const uid = process.getuid?.() === 0 ? 65_534 : undefined;
const asUser = uid === undefined ? {} : { uid };

/** What this machine does. */
export const MACHINE_CAUSES: readonly Cause[] = [
  {
    injected: 'a disk that writes 15 MB/s',
    verdict: 'SLOW_DISK',
    remedy: 'the store on another disk (`SLUICE_HOME`)',
    whyNot: whyNoSlowDisk,
    inject: async () => {
      const disk = await slowDisk(240, 15_000_000);
      const machine = await quickMachine({ HF_ENDPOINT: (await hub()).url });
      return {
        machine: withSettings(machine, { SLUICE_HOME: join(disk.folder, 'store') }),
        start: { wrap: disk.wrap },
        mend: async () => ({ machine, start: { wrap: disk.wrap } }),
      };
    },
  },
  {
    injected: 'a disk that is too full',
    verdict: 'DISK_FULL',
    remedy: '`sluice gc`, or another place (`SLUICE_HOME`)',
    inject: async () => {
      const disk = await smallDisk(24);
      if (typeof disk === 'string') throw new Error(disk);
      const machine = await quickMachine({ HF_ENDPOINT: (await hub()).url });
      return {
        machine: withSettings(machine, { SLUICE_HOME: join(disk.folder, 'store') }),
        start: { wrap: disk.wrap },
        mend: async () => ({ machine }),
      };
    },
  },
  {
    injected: 'a store that may not be written',
    verdict: 'NOT_WRITABLE',
    remedy: 'give this user the folder, or another place (`SLUICE_HOME`)',
    inject: async () => {
      const machine = await quickMachine({ HF_ENDPOINT: (await hub()).url });
      const { SLUICE_HOME = '' } = machine.env;
      await chmod(machine.root, 0o777);
      await mkdir(SLUICE_HOME, { mode: 0o555 });
      return {
        ...{ machine, start: asUser },
        mend: async () => {
          await chmod(SLUICE_HOME, 0o777);
          return { machine, start: asUser };
        },
      };
    },
  },
];
