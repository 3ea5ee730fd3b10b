// Two thousand files of 20 to 200 KB: what a request costs.
import { main } from './lib/closing.mjs';
import { repositoryContest } from './lib/repository.mjs';

function sizesOf({ smoke }) {
  const count = smoke ? 100 : 2000;
  // Spread evenly, in an order that has nothing to do with it.
  const size = (index) => 20_000 + Math.floor((((index * 7919) % count) / count) * 180_000);
  const path = (index) =>
    `data/part-${String(index % 20).padStart(2, '0')}/item-${String(index).padStart(4, '0')}.json`;
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [path(index), size(index)]));
}

await main(() =>
  repositoryContest({
    name: 'small-files',
    title: '2,000 files of 20 to 200 KB from a hub',
    sizesOf,
    ownWays: [{ name: 'sluice pull, gate off', env: { SLUICE_ADMISSION_POLICY: 'off' } }],
    aria2Ways: [
      { name: 'aria2 -i -j16, no proof', proves: false, args: ['-j16'] },
      { name: 'aria2 -i -j16, checksums', proves: true, args: ['-j16'] },
    ],
  }),
);
