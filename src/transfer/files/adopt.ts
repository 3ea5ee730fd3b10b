import { open } from 'node:fs/promises';
import { createHasher } from '../../proof/index.js';
import type { Environment } from '../environment.js';
import { COPY_BLOCK_BYTES } from '../limits.js';
import type { ForeignPartial } from '../../store/index.js';
import type { TransferTask } from '../port.js';
import type { HeldFile } from './held-file.js';

/**
 * Copies the pieces that other tools' partials claim to have. Nothing vouches for them until the whole file is proven; that they
 * are adopted is their source, `local`. A partial that cannot be read is passed over.
 */
export async function adoptForeign(environment: Environment, task: TransferTask, held: HeldFile): Promise<void> {
  const partials = (await environment.foreignPartials?.(task)) ?? [];
  for (const partial of partials) {
    if (held.map.isComplete || environment.signal.aborted) return;
    const bytes = await adoptOne(environment, held, partial);
    if (bytes > 0) environment.emit({ type: 'file.adopted', file: task.path, from: partial.path, bytes });
  }
}

async function adoptOne(environment: Environment, held: HeldFile, partial: ForeignPartial): Promise<number> {
  let source;
  try {
    source = await open(partial.path, 'r');
  } catch {
    return 0;
  }
  const block = environment.blocks.lend();
  let adoptedBytes = 0;
  try {
    for (const index of claimedPieces(held, partial)) {
      if (environment.signal.aborted || !held.map.isFree(index)) continue;
      const startedMs = environment.now();
      const { startByte, endByte } = held.rangeOf(index);
      const hasher = createHasher(held.algorithm, endByte - startByte);
      let at = startByte;
      while (at < endByte) {
        const { bytesRead } = await source.read(
          block,
          0,
          Math.min(COPY_BLOCK_BYTES, endByte - at),
          at - partial.atByte,
        );
        if (bytesRead === 0) break;
        hasher.update(block.subarray(0, bytesRead));
        await held.handle.write(block, 0, bytesRead, at);
        at += bytesRead;
      }
      const digest = hasher.hex();
      if (at < endByte || (held.trusted !== undefined && held.trusted[index] !== digest)) continue;
      const ms = Math.round(environment.now() - startedMs);
      await held.land({ index, digest, source: 'local', atMs: Date.now(), ms, retries: 0, reason: partial.tool });
      adoptedBytes += endByte - startByte;
    }
    return adoptedBytes;
  } finally {
    environment.blocks.giveBack(block);
    await source.close();
  }
}

function* claimedPieces(held: HeldFile, partial: ForeignPartial): Generator<number> {
  const { pieceBytes, sizeBytes, count } = held.map;
  for (const { startByte, endByte } of partial.ranges) {
    for (let index = Math.ceil(startByte / pieceBytes); index < count; index += 1) {
      if (Math.min((index + 1) * pieceBytes, sizeBytes) > endByte) break;
      yield index;
    }
  }
}
