import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { runTool } from '../machine/run-tool.js';
import { probePython } from './probe-python.js';

const never = new AbortController().signal;

it('Python says what is installed, and loads none of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-python-'));
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
  await mkdir(join(folder, 'torch-2.3.9.dist-info'));
  await writeFile(join(folder, 'torch-2.3.9.dist-info', 'METADATA'), 'Name: torch\nVersion: 2.3.9\n');
  await mkdir(join(folder, 'torch'));
  await writeFile(join(folder, 'torch', '__init__.py'), 'raise SystemExit("loaded")\n');
  await writeFile(
    join(folder, 'torch', 'version.py'),
    "__version__ = '2.3.9'\ncuda: Optional[str] = '12.1'\nhip = None\n",
  );
  vi.stubEnv('PYTHONPATH', folder);
  const isThere = (await runTool('python3', ['--version'], never)) !== undefined;
  const told = await probePython(never);
  if (isThere) expect(told).toMatchObject({ packages: { torch: '2.3.9' }, torchCuda: '12.1' });
  else expect(told).toBeUndefined();
});
