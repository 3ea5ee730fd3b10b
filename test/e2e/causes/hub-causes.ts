import { expect } from 'vitest';
import { seededContent, type FaultRule, type SimOptions } from '../../../src/sim/index.js';
import { newAuthority } from '../authority.js';
import { hub } from '../hub.js';
import { startMiddlebox } from '../middlebox.js';
import { startProxy } from '../proxy-server.js';
import { startServing } from '../serving.js';
import { eventsOf, newMachine, sluiceWith, type JsonEvent } from '../harness.js';
import { quickMachine, withSettings, type Cause } from './cause.js';
import { startInterceptingProxy } from './intercepting-proxy.js';

const MB = 1_000_000;
const MIB = 2 ** 20;

/** One stream brings as much as many, whatever this machine is busy with. */
const EVEN = { totalBytesPerSecond: 60 * MB };

/** What a slow hub has: enough for every number of streams, and not minutes of it. */
const ofSize = (sizeBytes: number): SimOptions => ({
  repositories: [
    {
      id: 'acme/tiny',
      files: { 'config.json': '{}\n', 'model.safetensors': seededContent({ seed: 'small', sizeBytes }) },
    },
  ],
});
const SMALL = ofSize(7 * MIB);

const fault = (rule: FaultRule): SimOptions => ({ faults: [rule], network: EVEN });

/** A hub with the trouble, left for one without. */
const leave =
  (troubled: () => Promise<{ readonly url: string }>): Cause['inject'] =>
  async () => {
    const machine = await quickMachine({ HF_ENDPOINT: (await troubled()).url });
    const other = await hub();
    return { machine, mend: async () => ({ machine: withSettings(machine, { HF_ENDPOINT: other.url }) }) };
  };

const smallRequests = (events: readonly JsonEvent[]): readonly JsonEvent[] =>
  events.filter(({ type }) => type === 'source.small-requests');

/** Requests that did not bring what they were asked for. */
const troubles = (events: readonly JsonEvent[]): readonly JsonEvent[] =>
  events.filter(({ type }) => type === 'piece.failed' || type === 'scheduler.taken-back');

/** What hubs, mirrors and boxes in between do. */
export const HUB_CAUSES: readonly Cause[] = [
  {
    injected: 'a cap of 2 MB/s on each connection',
    verdict: 'CONNECTION_CAP',
    remedy: '`sluice pull` uses several connections',
    inject: async () => {
      const sim = await hub({ network: { connectionBytesPerSecond: 2 * MB } });
      return {
        machine: await quickMachine({ HF_ENDPOINT: sim.url }),
        check: ({ events }) => {
          const levels = events.filter(({ type }) => type === 'scheduler.connections').map(({ to }) => Number(to));
          expect(Math.max(8, ...levels)).toBeGreaterThanOrEqual(8);
          expect(new Set(sim.requests.filter(({ kind }) => kind === 'cdn').map(({ connection }) => connection)).size).toBeGreaterThan(4); // prettier-ignore
        },
      };
    },
  },
  {
    injected: 'a cap of 4 MB/s on all together',
    verdict: 'SLOW_LINE',
    remedy: 'a mirror inside the network',
    inject: leave(() => hub({ ...SMALL, network: { totalBytesPerSecond: 4 * MB } })),
  },
  {
    injected: 'a hub that thinks for 1.5 s',
    verdict: 'SLOW_ANSWER',
    remedy: '`sluice serve` nearby keeps its answers',
    inject: async () => {
      const sim = await hub({ ...SMALL, ...fault({ on: { host: 'cdn' }, fault: { type: 'delay', ms: 1_500 } }) });
      const machine = await quickMachine({ HF_ENDPOINT: sim.url });
      return {
        machine,
        mend: async () => {
          const mirror = await newMachine({ HF_ENDPOINT: sim.url });
          const { url } = await startServing(mirror);
          return { machine: withSettings(machine, { HF_ENDPOINT: url }) };
        },
      };
    },
  },
  {
    injected: 'a proxy that reads along in TLS, with a CA that nobody here knows',
    verdict: 'UNTRUSTED',
    remedy: '`--ca` with the CA that is named; then `INTERCEPTED` says that somebody reads along',
    inject: async () => {
      const [real, company] = [await newAuthority(), await newAuthority('Acme Inspection CA')];
      const names = ['IP:127.0.0.1', 'IP:127.0.0.2'];
      const sim = await hub({ tls: await real.issue(...names), network: EVEN });
      const proxy = await startInterceptingProxy(await company.issue(...names));
      const machine = await quickMachine({ HF_ENDPOINT: sim.url, HTTPS_PROXY: proxy, NO_PROXY: '' });
      return {
        machine,
        mend: async (finding) => {
          expect(finding.evidence.issuer).toBe('Acme Inspection CA');
          return { machine: withSettings(machine, { SLUICE_CA: company.file }) };
        },
        check: ({ after }) =>
          expect(after?.findings.find(({ cause }) => cause === 'INTERCEPTED')?.evidence.authority).toBe('Acme Inspection CA'), // prettier-ignore
      };
    },
  },
  {
    injected: 'a middlebox that cuts connections after 3 MiB (for 100 MB)',
    verdict: 'CUT_BY_SIZE',
    remedy: '`sluice pull` finds out and asks for less at a time; `--request-bytes` says so from the start',
    inject: async () => {
      const sim = await hub({ network: { totalBytesPerSecond: 20 * MB } });
      const machine = await quickMachine({
        HF_ENDPOINT: sim.url,
        HTTP_PROXY: await startMiddlebox({ afterBytes: 3 * MIB }),
        // With two a small file shows what a large one does with many.
        SLUICE_CONNECTIONS: '2',
      });
      return {
        machine,
        check: ({ events }) => {
          const [told] = smallRequests(events);
          expect(told).toMatchObject({ reason: 'size' });
          expect(Number(told?.requestBytes)).toBeLessThan(3 * MIB);
          expect(events.filter(({ type }) => type === 'piece.wrong')).toEqual([]);
        },
      };
    },
  },
  {
    injected: 'a middlebox that cuts connections after 900 ms (for 60 s)',
    verdict: 'CUT_BY_TIME',
    remedy: '`sluice pull` finds out and asks for what comes in less',
    inject: async () => {
      // On an even line so long a time is so many bytes: these are fewer than a cut by size is looked for at.
      const sim = await hub({ ...SMALL, network: { totalBytesPerSecond: MB } });
      const machine = await quickMachine({
        HF_ENDPOINT: sim.url,
        HTTP_PROXY: await startMiddlebox({ afterMs: 900 }),
        // With more, each would bring too little to tell anything.
        SLUICE_CONNECTIONS: '2',
      });
      return {
        machine,
        check: ({ events }) => expect(smallRequests(events)[0]).toMatchObject({ reason: 'time' }),
      };
    },
  },
  {
    injected: 'a middlebox that forgets connections after 3 MiB and tells nobody (for 100 MB)',
    verdict: 'CUT_BY_SIZE',
    remedy: '`--request-bytes`, as the finding spells it out; without, `sluice pull` takes back what is silent',
    inject: async () => {
      // The first thread's connections and those of the others after them: whichever of the four brings what, one comes to its end.
      const sim = await hub({ ...ofSize(16 * MIB), network: { totalBytesPerSecond: 40 * MB } });
      const HTTP_PROXY = await startMiddlebox({ afterBytes: 3 * MIB, isSilent: true });
      const network = { HF_ENDPOINT: sim.url, HTTP_PROXY, SLUICE_CONNECTIONS: '2' };
      return {
        machine: await quickMachine(network),
        check: async ({ before, events }) => {
          expect(troubles(events)).not.toEqual([]);
          const requestSize = String(before.findings[0]?.evidence.requestSize);
          const told = await quickMachine({ ...network, SLUICE_REQUEST_BYTES: requestSize });
          const pulled = await sluiceWith(told, {}, 'pull', 'hf:acme/tiny', '--json');
          expect(pulled.code, pulled.stderr).toBe(0);
          expect(troubles(eventsOf(pulled))).toEqual([]);
        },
      };
    },
  },
  {
    injected: '429 for the next five minutes to whoever has no token',
    verdict: 'RATE_LIMITED',
    remedy: 'a token (`HF_TOKEN`)',
    inject: async () => {
      const sim = await hub({
        users: { hf_lab: 'lab' },
        ...fault({
          on: { kind: 'resolve', isAnonymous: true },
          fault: { type: 'rate-limit', requests: 0, windowMs: 300_000, tell: 'ratelimit' },
        }),
      });
      const machine = await quickMachine({ HF_ENDPOINT: sim.url });
      return { machine, mend: async () => ({ machine: withSettings(machine, { HF_TOKEN: 'hf_lab' }) }) };
    },
  },
  {
    injected: 'a mirror that sends its clients to the hub it stands for',
    verdict: 'LEAKS',
    remedy: 'a mirror that serves the bytes itself',
    inject: async () => {
      const official = await hub({ network: EVEN });
      const target = `${official.url}/acme/tiny/resolve/main/model-00002-of-00002.safetensors`;
      const mirror = await hub(fault({ on: { kind: 'resolve' }, fault: { type: 'redirect', to: target } }));
      const machine = await quickMachine({ HF_ENDPOINT: `${mirror.url},${official.url}` });
      const honest = await hub();
      return {
        machine,
        mend: async (finding) => {
          expect(finding.about).toBe(new URL(mirror.url).host);
          return { machine: withSettings(machine, { HF_ENDPOINT: `${honest.url},${official.url}` }) };
        },
      };
    },
  },
  {
    injected: 'a mirror that serves wrong bytes',
    verdict: 'WRONG_BYTES',
    remedy: 'another source',
    inject: leave(() => hub(fault({ on: { kind: 'cdn' }, fault: { type: 'corrupt', atByte: 4_321 } }))),
  },
  {
    injected: 'a host that ignores ranges',
    verdict: 'SERVES_NO_RANGES',
    remedy: 'another source',
    inject: leave(() => hub(fault({ on: { kind: 'cdn' }, fault: { type: 'ignore-range' } }))),
  },
  {
    injected: 'a repository whose files need permission',
    verdict: 'NOT_ALLOWED',
    remedy: 'a token (`HF_TOKEN`), and the conditions on the page of the model',
    inject: async () => {
      const sim = await hub({
        users: { hf_lab: 'lab' },
        ...fault({ on: { kind: 'resolve', isAnonymous: true }, fault: { type: 'status', status: 403 } }),
      });
      const machine = await quickMachine({ HF_ENDPOINT: sim.url });
      return { machine, mend: async () => ({ machine: withSettings(machine, { HF_TOKEN: 'hf_lab' }) }) };
    },
  },
  {
    injected: 'a proxy that refuses',
    verdict: 'PROXY_FAILS',
    remedy: 'correct it, or `NO_PROXY`',
    inject: async () => {
      const authority = await newAuthority();
      const sim = await hub({ tls: await authority.issue('IP:127.0.0.1', 'IP:127.0.0.2') });
      const proxy = await startProxy({ refuse: 403 });
      const env = { HF_ENDPOINT: sim.url, SLUICE_CA: authority.file, HTTPS_PROXY: proxy.url };
      const machine = await quickMachine(env);
      return {
        machine,
        mend: async () => ({ machine: withSettings(machine, { NO_PROXY: '127.0.0.1,127.0.0.2' }) }),
      };
    },
  },
];
