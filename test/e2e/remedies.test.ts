import { chmod, chown, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newMachine, sluice, sluiceWith } from './harness.js';

const MIRROR = ['--mirror', 'https://mirror.example.org'];
/** Root may write everywhere, so there the program runs as `nobody`. */
const uid = process.getuid?.() === 0 ? 65_534 : undefined;
const asUser = uid === undefined ? {} : { uid };

describe.skipIf(process.platform === 'win32')('sluice doctor --remedy', () => {
  it('shows, applies, lists and undoes', async () => {
    const machine = await newMachine({});
    const root = join(machine.root, 'system');
    const file = join(root, 'etc/docker/daemon.json');
    await mkdir(join(root, 'etc/docker'), { recursive: true });
    await writeFile(file, '{\n  "debug": true\n}\n');
    const shown = await sluice(machine, 'doctor', '--remedy', 'docker', ...MIRROR, '--root', root);
    expect(shown.code, shown.stderr).toBe(0);
    expect(shown.stdout).toContain('+   "registry-mirrors": [');
    expect(shown.stdout).toContain('--apply');
    expect(await readdir(machine.home).catch(() => [])).toEqual([]);
    const applied = await sluice(
      machine,
      'doctor',
      '--remedy',
      'docker',
      ...MIRROR,
      '--root',
      root,
      '--apply',
      '--json',
    );
    expect(JSON.parse(applied.stdout)).toMatchObject({ remedy: 'docker', applied: true, id: '1' });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      ...{ debug: true, 'registry-mirrors': ['https://mirror.example.org'] },
    });
    const listed = await sluice(machine, 'doctor', '--remedies', '--lang', 'zh');
    expect(listed.stdout).toMatch(/已应用[\s\S]*docker/);
    const done = await readFile(file);
    await writeFile(file, '{}\n');
    const refused = await sluice(machine, 'doctor', '--undo');
    expect(refused.code).toBe(8);
    expect(refused.stdout).toContain('+ {}');
    expect(refused.stderr).toContain('CHANGED_SINCE');
    await writeFile(file, done);
    expect((await sluice(machine, 'doctor', '--undo')).code).toBe(0);
    expect(await readFile(file, 'utf8')).toBe('{\n  "debug": true\n}\n');
  });

  it('does not show passwords of the lines around', async () => {
    const machine = await newMachine({});
    const root = join(machine.root, 'system');
    const user = join(root, machine.root);
    await mkdir(user, { recursive: true });
    await writeFile(join(user, '.npmrc'), '//r.example.org/:_authToken=very-secret\n');
    for (const json of [[], ['--json']]) {
      const { stdout } = await sluice(machine, 'doctor', '--remedy', 'npm', ...MIRROR, '--root', root, ...json);
      expect(stdout).toContain('registry=https://mirror.example.org/');
      expect(stdout).not.toContain('very-secret');
    }
  });

  it('without permission: 8, the path, sudo, and nothing half done', async () => {
    const machine = await newMachine({});
    if (uid !== undefined) await chown(machine.root, uid, uid);
    const root = join(machine.root, 'system');
    const user = join(root, machine.root);
    await mkdir(user, { recursive: true });
    if (uid !== undefined) await chown(user, uid, uid);
    await chmod(user, 0o755);
    await writeFile(join(user, '.bashrc'), 'x\n');
    if (uid === undefined) await chmod(user, 0o555);
    const args = ['doctor', '--remedy', 'huggingface', ...MIRROR, '--root', root, '--apply'];
    const { code, stderr } = await sluiceWith(machine, asUser, ...args);
    expect(code, stderr).toBe(8);
    expect(stderr).toContain('NO_PERMISSION');
    expect(stderr).toContain('sudo');
    expect(await readdir(user)).toEqual(['.bashrc']);
    await chmod(user, 0o755);
  });

  it('refuses options that mean nothing together', async () => {
    const machine = await newMachine({});
    for (const args of [['--apply'], ['--undo', '--remedies'], ['--force'], ['--remedy', 'kernal']])
      expect((await sluice(machine, 'doctor', ...args)).code, args.join(' ')).toBe(2);
  });
});
