// Networks that misbehave: how near to the ideal time, beside aria2. `--only name,name` runs some; the names are in lib/shapes.mjs.
import { main } from './lib/closing.mjs';
import { networkContest } from './lib/network-contest.mjs';
import { readOptions } from './lib/options.mjs';
import { findPeers, tellMissing } from './lib/peers.mjs';
import { shapesOf } from './lib/shapes.mjs';

const SMOKE_BYTES = 32 * 2 ** 20;
/** No goal hangs on these, or they are long: left out when time is short. */
const isLeftOut = ({ isExtra, isLarge }, { quick, smoke }) => (quick || smoke) && (isExtra || isLarge);

await main(async () => {
  const options = readOptions();
  const peers = findPeers(['aria2']);
  const missing = tellMissing(peers);
  const chosen = Object.entries(shapesOf(options.smoke ? SMOKE_BYTES : undefined)).filter(([name, shape]) =>
    options.only === undefined ? !isLeftOut(shape, options) : options.only.includes(name),
  );
  // Each has its share of what is left of the time; who needs less leaves it to the others.
  const endMs = Date.now() + options.budgetS * 1000;
  for (const [index, [name, shape]] of chosen.entries()) {
    const budgetS = (endMs - Date.now()) / 1000 / (chosen.length - index);
    await networkContest({ options: { ...options, budgetS }, peers, missing, name, shape });
  }
});
