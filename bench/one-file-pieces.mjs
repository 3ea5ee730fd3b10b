// One large file of which every piece's digest is known before: proof while the bytes land, against tools that prove nothing.
import { main } from './lib/closing.mjs';
import { oneFile } from './lib/one-file.mjs';

await main(() => oneFile({ tls: false, pieces: true }));
