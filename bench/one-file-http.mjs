import { main } from './lib/closing.mjs';
import { oneFile } from './lib/one-file.mjs';

await main(() => oneFile({ tls: false }));
