import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanFile } from './scan-file.js';
import { sourceOfBuffer } from './sources.js';

/** As test/clients/py/weights.py writes them, with the libraries that their names tell. */
const folder = join(import.meta.dirname, 'testing', 'written');
const names = await readdir(folder);

describe('files that PyTorch, NumPy, joblib and safetensors wrote', () => {
  it.each(names)('%s is clean, and every byte is somebody’s', async (name) => {
    const { verdict, findings, coverage } = await scanFile(sourceOfBuffer(await readFile(join(folder, name))), name);
    expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(verdict).toBe('CLEAN');
    expect(coverage.attributedBytes).toBe(coverage.sizeBytes);
  });
});
