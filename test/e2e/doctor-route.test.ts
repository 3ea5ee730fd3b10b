import { expect, it } from 'vitest';
import type { Report } from '../../src/doctor/index.js';
import { newChain, STATIONS } from './causes/chain.js';
import { quickMachine, requireMeans } from './causes/cause.js';
import { whyNoLine } from './causes/line.js';
import { sluiceWith } from './harness.js';

it('doctor says between which two routers packets get lost', async (test) => {
  const lacking = requireMeans({ whyNot: whyNoLine });
  if (lacking !== undefined) return test.skip(lacking);
  const chain = await newChain(0.2);
  const machine = await quickMachine({ HF_ENDPOINT: chain.url, PATH: `${chain.tools}:${process.env.PATH ?? ''}` });
  const told = await sluiceWith(machine, { wrap: chain.wrap }, 'doctor', 'hf:acme/tiny', '--json');
  expect(told.stdout, told.stderr).not.toBe('');
  const { facts, findings } = JSON.parse(told.stdout) as Report;
  const [hub] = facts.hosts;
  expect(hub?.route).toMatchObject({ to: STATIONS[2], tool: 'ping' });
  expect(hub?.route?.hops.map(({ hop, address }) => `${hop} ${address}`)).toEqual(
    STATIONS.map((address, index) => `${index + 1} ${address}`),
  );
  expect(hub?.route?.hops[0]?.ping?.lost).toBe(0);
  const loss = findings.find(({ cause }) => cause === 'LOSS');
  expect(loss?.evidence, told.stdout).toMatchObject({ hop: 2, at: STATIONS[1], before: STATIONS[0] });
}, 120_000);
