import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Report } from '../../../src/doctor/index.js';
import { sluiceWith, type Finished } from '../harness.js';
import { quickMachine, type Cause } from './cause.js';
import { newLine, PLACES, whyNoLine } from './line.js';

const rateOfOne = (report: Report | undefined): number =>
  report?.facts.hosts.at(-1)?.goodput.find(({ streams }) => streams === 1)?.bytesPerSecond ?? 0;

/** What the kernel's remedy may change. */
const NAMES = ['tcp_rmem', 'tcp_wmem', 'tcp_window_scaling', 'tcp_congestion_control'].map(
  (name) => `net.ipv4.${name}`,
);

/** So many of the first are about names and addresses; each half has a file of tests, since each takes its time to wait and to measure. */
export const OF_NAMES = 3;

/** What a path does: real TCP and DNS between two network namespaces. */
export const LINE_CAUSES: readonly Cause[] = [
  {
    injected: 'a name server that answers after 700 ms',
    verdict: 'SLOW_NAMES',
    remedy: 'another name server',
    whyNot: whyNoLine,
    inject: async () => {
      const line = await newLine({ slowNamesMs: 700, nameServers: [PLACES.slowNames] });
      const now = { machine: await quickMachine({ HF_ENDPOINT: line.url }), start: { wrap: line.wrap } };
      return {
        ...now,
        mend: async () => {
          await line.setNameServers(PLACES.quickNames);
          return now;
        },
      };
    },
  },
  {
    injected: 'a name server that is silent, asked first',
    verdict: 'DEAD_RESOLVER',
    remedy: 'take it out of `/etc/resolv.conf`',
    whyNot: whyNoLine,
    inject: async () => {
      const line = await newLine({ nameServers: [PLACES.nobody, PLACES.quickNames] });
      const now = { machine: await quickMachine({ HF_ENDPOINT: line.url }), start: { wrap: line.wrap } };
      return {
        ...now,
        mend: async ({ about }) => {
          expect(about).toBe(PLACES.nobody);
          await line.setNameServers(PLACES.quickNames);
          return now;
        },
      };
    },
  },
  {
    injected: 'an IPv6 address whose packets vanish',
    verdict: 'DEAD_ADDRESSES',
    remedy: 'mend IPv6 or switch it off',
    whyNot: whyNoLine,
    inject: async () => {
      const line = await newLine({ addresses6: [PLACES.nobody6] });
      const now = { machine: await quickMachine({ HF_ENDPOINT: line.url }), start: { wrap: line.wrap } };
      return {
        ...now,
        mend: async ({ evidence }) => {
          expect(evidence.family).toBe('IPv6');
          line.setKernel('net.ipv6.conf.all.disable_ipv6', '1');
          return now;
        },
      };
    },
  },
  {
    injected: '200 ms of round trip with a window of 64 KiB',
    verdict: 'SMALL_WINDOW',
    remedy: '`sluice doctor --remedy kernel --apply`, as the finding spells it out',
    whyNot: whyNoLine,
    inject: async () => {
      const line = await newLine({ rttMs: 200, kernel: { 'net.ipv4.tcp_rmem': '4096 65536 131072' } });
      const machine = await quickMachine({ HF_ENDPOINT: line.url });
      const now = { machine, start: { wrap: line.wrap } };
      const kernelBefore = NAMES.map((name) => line.kernel(name));
      let undo: (() => Promise<Finished>) | undefined;
      return {
        ...now,
        mend: async ({ command = '' }) => {
          // The files of a system of the test's own, and the kernel of the namespace.
          const root = join(machine.root, 'system');
          await mkdir(join(root, 'proc/sys'), { recursive: true });
          const script = 'mount --bind /proc/sys "$1" && shift && exec "$@"';
          const wrap = [...line.wrap, 'sh', '-c', script, 'sh', join(root, 'proc/sys')];
          const words = command.replace(/^sudo sluice /, '').split(' ');
          const done = await sluiceWith(machine, { wrap }, ...words, '--root', root);
          expect(done.code, done.stderr).toBe(0);
          undo = () => sluiceWith(machine, { wrap }, 'doctor', '--undo');
          return now;
        },
        check: async ({ before, after }) => {
          expect(rateOfOne(after)).toBeGreaterThan(rateOfOne(before) * 1.5);
          expect(Number(line.kernel('net.ipv4.tcp_rmem').split(/\s+/)[2])).toBeGreaterThan(131_072);
          const undone = await undo?.();
          expect(undone?.code, undone?.stderr).toBe(0);
          expect(NAMES.map((name) => line.kernel(name))).toEqual(kernelBefore);
        },
      };
    },
  },
  {
    injected: '3 % loss',
    verdict: 'LOSS',
    remedy: 'mend the line; meanwhile `sluice pull` uses several connections',
    whyNot: whyNoLine,
    inject: async () => {
      const line = await newLine({ rttMs: 30, lossShare: 0.03 });
      const machine = await quickMachine({ HF_ENDPOINT: line.url });
      return {
        ...{ machine, start: { wrap: line.wrap } },
        mend: async () => {
          // Over the lossy line first: it arrives there, too.
          const pulled = await sluiceWith(machine, { wrap: line.wrap }, 'pull', 'hf:acme/tiny', '--to', 'meanwhile');
          expect(pulled.code, pulled.stderr).toBe(0);
          const mended = await newLine({ rttMs: 30 });
          return { machine: await quickMachine({ HF_ENDPOINT: mended.url }), start: { wrap: mended.wrap } };
        },
      };
    },
  },
];
