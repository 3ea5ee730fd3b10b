import { createHash } from 'node:crypto';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { errnoOf, SluiceError, toSluiceError } from '../base/index.js';
import { placeFile } from '../proof/index.js';
import { assertConverted, ConversionRefused, convertTorch, FormatFault, sourceOfFile } from '../scan/index.js';
import type { Conversion } from '../scan/index.js';

export interface ConvertFileOptions {
  /** Takes the place of files that are there. */
  readonly replace: boolean;
  /** Whether names of dictionaries in dictionaries are joined by dots; refused otherwise. */
  readonly isFlattened?: boolean;
  readonly signal: AbortSignal;
}

export interface ConvertedFile {
  readonly sizeBytes: number;
  /** Of what was written, as hex. */
  readonly sha256: string;
  /** Of the checkpoint, as hex. */
  readonly sourceSha256: string;
  readonly proof: string;
  readonly tensors: Conversion['tensors'];
}

const READ_BYTES = 4 * 2 ** 20;

/**
 * Writes the tensors of a PyTorch checkpoint as safetensors and, beside them as `TO.proof.json`, which bytes came of which: an in-toto statement, not
 * signed. Runs nothing of it. What was written is read back and held against the record before it has its name.
 * @throws SluiceError USAGE, NOT_CONVERTIBLE, VIEW_OBSTRUCTED, SOURCE_CHANGED, FILE_SYSTEM, DISK_FULL; the signal's reason
 */
export async function convertFile(
  path: string,
  to: string,
  { replace, isFlattened = false, signal }: ConvertFileOptions,
): Promise<ConvertedFile> {
  const proof = `${to}.proof.json`;
  for (const taken of replace ? [] : [to, proof])
    if (await stat(taken).catch(() => undefined))
      throw new SluiceError('VIEW_OBSTRUCTED', {
        path: taken,
        reason: 'there is a file of that name',
        force: '--force',
      });
  const file = await open(path, 'r').catch((thrown: unknown) => {
    throw errnoOf(thrown) === 'ENOENT'
      ? new SluiceError('USAGE', { reason: `There is no ${path}.` })
      : toSluiceError(thrown);
  });
  try {
    const before = await file.stat({ bigint: true });
    const sizeBytes = Number(before.size);
    const sourceSha256 = await digestOf(file, sizeBytes, signal);
    let written = { sizeBytes: 0, sha256: '' };
    let conversion: Conversion = { tensors: [], shared: new Map() };
    await placeFile(to, { replace, mode: 0o666 }, async (out) => {
      try {
        const hash = createHash('sha256');
        let at = 0;
        conversion = await convertTorch(
          sourceOfFile(file, sizeBytes),
          async (block) => {
            signal.throwIfAborted();
            hash.update(block);
            for (let done = 0; done < block.length;)
              done += (await out.write(block, done, block.length - done, at + done)).bytesWritten;
            at += block.length;
          },
          { isFlattened },
        );
        await assertConverted(sourceOfFile(out, at), conversion);
        written = { sizeBytes: at, sha256: hash.digest('hex') };
      } catch (thrown) {
        if (thrown instanceof ConversionRefused || thrown instanceof FormatFault)
          throw new SluiceError('NOT_CONVERTIBLE', { path, reason: thrown.message }, { cause: thrown });
        throw thrown;
      }
      const after = await file.stat({ bigint: true });
      if (after.mtimeNs !== before.mtimeNs || after.size !== before.size)
        throw new SluiceError('SOURCE_CHANGED', { path, source: 'the disk', reason: 'it was written to' });
    });
    const statement = statementOf({ from: path, sourceSha256, to, sha256: written.sha256 }, conversion);
    await placeFile(proof, { replace, mode: 0o666 }, (out) =>
      out.writeFile(`${JSON.stringify(statement, undefined, 2)}\n`),
    );
    return { ...written, sourceSha256, proof, tensors: conversion.tensors };
  } finally {
    await file.close();
  }
}

async function digestOf(file: FileHandle, sizeBytes: number, signal: AbortSignal): Promise<string> {
  const bytes = sourceOfFile(file, sizeBytes);
  const hash = createHash('sha256');
  for (let at = 0; at < sizeBytes; at += READ_BYTES) {
    signal.throwIfAborted();
    hash.update(await bytes.read(at, Math.min(READ_BYTES, sizeBytes - at)));
  }
  return hash.digest('hex');
}

interface Files {
  readonly from: string;
  readonly sourceSha256: string;
  readonly to: string;
  readonly sha256: string;
}

/** Provenance as SLSA has it; its byproducts are the tensors, each with the digest of its numbers in both files. */
function statementOf({ from, sourceSha256, to, sha256 }: Files, { tensors, shared }: Conversion): object {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: basename(to), digest: { sha256 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://sluice.dev/convert/torch-to-safetensors/v1',
        externalParameters: {},
        internalParameters: { shared: Object.fromEntries(shared) },
        resolvedDependencies: [{ name: basename(from), digest: { sha256: sourceSha256 } }],
      },
      runDetails: {
        builder: { id: 'https://sluice.dev/convert' },
        byproducts: tensors.map(({ name, dtype, shape, sha256: digest }) => ({
          name,
          digest: { sha256: digest },
          annotations: { dtype, shape },
        })),
      },
    },
  };
}
