import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

interface LockedPackage {
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly resolved?: string;
}

async function lockedPackages(): Promise<ReadonlyMap<string, LockedPackage>> {
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  return new Map(Object.entries(lock.packages).filter(([path]) => path !== ''));
}

describe('what users install', () => {
  it('has no native addon and runs nothing at installation', async () => {
    for (const [path, entry] of await lockedPackages()) {
      if (entry.dev === true) continue;
      expect([entry.hasInstallScript, entry.os, entry.cpu], path).toEqual([undefined, undefined, undefined]);
      const names = await readdir(join(ROOT, path), { recursive: true });
      expect(
        names.filter((name) => name.endsWith('.node') || name.endsWith('binding.gyp')),
        path,
      ).toEqual([]);
    }
  });

  it('is locked without naming where it was downloaded', async () => {
    for (const [path, entry] of await lockedPackages()) expect(entry.resolved, path).toBeUndefined();
  });

  it('is pinned to exact versions', async () => {
    const { dependencies, devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !/^\d/.test(version));
    expect(loose).toEqual([]);
  });
});
