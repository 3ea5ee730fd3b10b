import { FormatFault } from '../format-fault.js';
import { NO_INVENTORY } from '../inventory.js';
import { MOST_MEDIA_BYTES } from '../limits.js';
import type { Format } from '../port.js';
import { boxesEnd, gifEnd, jpegEnd, pngEnd, riffEnd } from './ends.js';

type EndOf = (bytes: Buffer) => number;

/** Images, sounds and films by their magic, followed structure by structure: what stands behind their end belongs to nobody. */
export const MEDIA: readonly Format[] = [
  media('png', (start) => start.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex')), pngEnd),
  media('jpeg', (start) => start[0] === 0xff && start[1] === 0xd8 && start[2] === 0xff, jpegEnd),
  media('gif', (start) => /^GIF8[79]a/.test(start.toString('latin1', 0, 6)), gifEnd),
  media('riff', (start) => /^RIFF....(?:WEBP|WAVE|AVI )/s.test(start.toString('latin1', 0, 12)), riffEnd),
  media('mp4', (start) => start.toString('latin1', 4, 8) === 'ftyp', boxesEnd),
];

function media(format: string, claims: (start: Buffer) => boolean, endOf: EndOf): Format {
  return {
    format,
    claims,
    scan: async (bytes) => {
      const { sizeBytes } = bytes;
      if (sizeBytes > MOST_MEDIA_BYTES) throw new FormatFault('FORMAT-FAULT', `${sizeBytes} bytes`);
      const endByte = endOf(await bytes.read(0, sizeBytes));
      const attributions = [{ startByte: 0, endByte, what: format }];
      return { format, verdict: 'CLEAN', findings: [], attributions, inventory: NO_INVENTORY };
    },
  };
}
