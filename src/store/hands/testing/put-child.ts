import { openSync, writeSync } from 'node:fs';
import { openHands, openStore } from '../../index.js';
import { smallContents } from './small-contents.js';

/** Puts the same small files each time, through hands, and notes the SHA-256 of each that is stored; to be killed at any moment. */
const [home = '', notes = '', seed = '', count = '0'] = process.argv.slice(2);
const note = openSync(notes, 'a');
const hands = openHands(await openStore(home));
await Promise.all(
  smallContents(seed, Number(count)).map(async ({ bytes, sha256 }) => {
    await hands.put(bytes, { sha256 }).stored;
    writeSync(note, `${sha256}\n`);
  }),
);
await hands.close();
