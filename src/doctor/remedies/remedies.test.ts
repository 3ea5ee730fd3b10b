import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../base/index.js';
import { applyRemedy, listRemedies, proposeRemedy, undoRemedy } from './remedies.js';
import { MIRRORED, REMEDIES, type RemedyContext } from './port.js';
import { fillTree, temporaryRoot, treeOf } from './testing/tree.js';

const SYSTEM = {
  'proc/sys/net/core/rmem_max': '212992\n',
  'proc/sys/net/core/wmem_max': '999999999\n',
  'proc/sys/net/core/default_qdisc': 'fq_codel\n',
  'proc/sys/net/ipv4/tcp_rmem': '4096\t131072\t6291456\n',
  'proc/sys/net/ipv4/tcp_wmem': '4096\t16384\t4194304\n',
  'proc/sys/net/ipv4/tcp_window_scaling': '0\n',
  'proc/sys/net/ipv4/tcp_congestion_control': 'cubic\n',
  'proc/sys/net/ipv4/tcp_available_congestion_control': 'reno cubic bbr\n',
  'sys/block/sda/queue/rotational': '1\n',
  'sys/block/sda/queue/scheduler': '[none] mq-deadline\n',
  'sys/block/sda/queue/nr_requests': '64\n',
  'sys/block/sda/queue/read_ahead_kb': '128\n',
  'sys/block/nvme0n1/queue/rotational': '0\n',
  'sys/block/nvme0n1/queue/scheduler': '[none] mq-deadline\n',
  'sys/block/nvme0n1/queue/nr_requests': '64\n',
  'sys/block/nvme0n1/queue/read_ahead_kb': '128\n',
  'sys/block/loop0/queue/read_ahead_kb': '128\n',
  'etc/sysctl.d/10-other.conf': 'kernel.x = 1\n',
  'etc/docker/daemon.json': '{\n\t"debug": true\n}\n',
  'home/u/.config/pip/pip.conf': '[install]\nx=1\n',
  'home/u/.npmrc': '//r.example.org/:_authToken=secret\nregistry=https://r.example.org/\n',
  'home/u/.gitconfig': '[user]\n\tname = U\n',
  'home/u/.bashrc': 'alias x=y',
};

async function setUp(flags: Readonly<Record<string, string>> = {}) {
  const [root, home] = [await temporaryRoot(), await temporaryRoot()];
  await fillTree(root, SYSTEM);
  const env = { HOME: '/home/u', SLUICE_HOME: home };
  const { settings } = await loadSettings({ env, flags, cwd: '/' });
  const signal = new AbortController().signal;
  const nothing = (): undefined => undefined;
  const context: RemedyContext = { settings, signal, emit: nothing, tell: nothing, env, profile: settings.profile };
  return { root, home, context };
}

const PATH = { bytesPerSecond: 100e6, roundTripMs: 200 };

describe('a remedy', () => {
  it.each(REMEDIES.filter((name) => name !== 'mirrors'))(
    '%s leaves everything as before when it is undone',
    async (name) => {
      const { root, home, context } = await setUp();
      const before = await treeOf(root);
      const options = name === 'kernel' ? { root, ...PATH } : { root, mirror: 'https://mirror.example.org' };
      const shown = await proposeRemedy(name, options, context);
      expect(shown.changes.length).toBeGreaterThan(0);
      expect(await treeOf(root)).toEqual(before);
      expect(await treeOf(home)).toEqual({});
      const { proposal, applied } = await applyRemedy(name, options, context);
      expect(proposal.changes).toEqual(shown.changes);
      expect(await treeOf(root)).not.toEqual(before);
      expect((await proposeRemedy(name, options, context)).changes).toEqual([]);
      expect((await listRemedies(home)).map(({ id }) => id)).toEqual([applied?.record.id]);
      expect((await undoRemedy(home, undefined, { force: false })).isDone).toBe(true);
      expect(await treeOf(root)).toEqual(before);
      await expect(undoRemedy(home, undefined, { force: false })).rejects.toMatchObject({ code: 'NO_SUCH_REMEDY' });
    },
  );

  it('over another is undone after it, and not over what somebody changed unless told', async () => {
    const { root, home, context } = await setUp();
    const before = await treeOf(root);
    await applyRemedy('huggingface', { root, mirror: 'https://a.example.org' }, context);
    await applyRemedy('modelscope', { root, mirror: 'https://b.example.org' }, context);
    const early = await undoRemedy(home, '1', { force: false });
    expect(early.isDone).toBe(false);
    expect(await readFile(join(root, 'home/u/.bashrc'), 'utf8')).toContain('HF_ENDPOINT="https://a.example.org"');
    await undoRemedy(home, '2', { force: false });
    await writeFile(join(root, 'home/u/.bashrc'), 'mine');
    expect((await undoRemedy(home, '1', { force: false })).isDone).toBe(false);
    expect(await readFile(join(root, 'home/u/.bashrc'), 'utf8')).toBe('mine');
    expect((await undoRemedy(home, '1', { force: true })).isDone).toBe(true);
    expect(await treeOf(root)).toEqual(before);
  });

  it('half done is taken back before the next one', async () => {
    const { root, home, context } = await setUp();
    const { applied } = await applyRemedy('npm', { root, mirror: 'https://a.example.org' }, context);
    const journal = join(home, 'remedies', `${applied?.record.id ?? ''}.json`);
    await writeFile(journal, (await readFile(journal, 'utf8')).replace('"applied"', '"applying"'));
    const shown = await proposeRemedy('npm', { root, mirror: 'https://b.example.org' }, context);
    expect(shown.notes.map(({ code }) => code)).toEqual(['UNFINISHED']);
    const { proposal } = await applyRemedy('npm', { root, mirror: 'https://b.example.org' }, context);
    expect(proposal.changes[0]?.before?.bytes.toString()).toBe(SYSTEM['home/u/.npmrc']);
    expect(await listRemedies(home)).toHaveLength(1);
  });

  it('does not follow a link out of the root', async () => {
    const { root, context } = await setUp();
    await mkdir(join(root, 'etc/containerd'));
    await symlink(await temporaryRoot(), join(root, 'etc/containerd/certs.d'));
    const options = { root, mirror: 'https://a.example.org' };
    await expect(proposeRemedy('containerd', options, context)).rejects.toMatchObject({ code: 'FILE_UNFIT' });
  });
});

describe('the kernel’s settings', () => {
  it('leave alone what nobody may write, as in a container', async () => {
    const { root, context } = await setUp();
    const fixed = join(root, 'proc/sys/net/core/rmem_max');
    await chmod(fixed, 0o444);
    const { changes } = await proposeRemedy('kernel', { root, ...PATH }, context);
    expect(changes.map(({ path }) => path)).not.toContain(fixed);
    expect(changes.map(({ path }) => path)).toContain(join(root, 'proc/sys/net/ipv4/tcp_rmem'));
  });

  it('are those of the path and of each disk, and never smaller than they were', async () => {
    const { root, context } = await setUp();
    const { proposal } = await applyRemedy('kernel', { root, ...PATH }, context);
    const conf = await readFile(join(root, 'etc/sysctl.d/90-sluice.conf'), 'utf8');
    expect(conf.split('\n').slice(1)).toEqual([
      'net.core.rmem_max = 134217728',
      'net.core.wmem_max = 999999999',
      'net.ipv4.tcp_rmem = 4096 131072 134217728',
      'net.ipv4.tcp_wmem = 4096 16384 134217728',
      'net.ipv4.tcp_window_scaling = 1',
      'net.core.default_qdisc = fq',
      'net.ipv4.tcp_congestion_control = bbr',
      '',
    ]);
    const rules = await readFile(join(root, 'etc/udev/rules.d/90-sluice.rules'), 'utf8');
    expect(rules.split('\n').slice(1)).toEqual([
      'ACTION=="add|change", SUBSYSTEM=="block", KERNEL=="nvme0n1", ATTR{queue/scheduler}="none", ATTR{queue/read_ahead_kb}="4096"',
      'ACTION=="add|change", SUBSYSTEM=="block", KERNEL=="sda", ATTR{queue/scheduler}="mq-deadline", ATTR{queue/nr_requests}="256", ATTR{queue/read_ahead_kb}="4096"',
      '',
    ]);
    expect(await readFile(join(root, 'sys/block/sda/queue/scheduler'), 'utf8')).toBe('mq-deadline\n');
    expect(proposal.changes.map(({ path }) => path)).not.toContain(join(root, 'proc/sys/net/core/wmem_max'));
  });

  it('leave congestion control alone where there is no BBR', async () => {
    const { root, context } = await setUp();
    await writeFile(join(root, 'proc/sys/net/ipv4/tcp_available_congestion_control'), 'reno cubic\n');
    const { changes, notes } = await proposeRemedy('kernel', { root, ...PATH }, context);
    expect(notes.map(({ code }) => code)).toEqual(['PRODUCT', 'NO_BBR']);
    expect(changes[0]?.after.bytes.toString()).not.toMatch(/bbr|qdisc/);
  });
});

describe('mirrors', () => {
  it('of a profile are set together', async () => {
    const { root, context } = await setUp({ profile: 'cn' });
    const { changes } = await proposeRemedy('mirrors', { root }, context);
    const text = changes.map(({ after }) => after.bytes.toString()).join('');
    for (const url of [
      'https://pypi.tuna.tsinghua.edu.cn/simple',
      'https://registry.npmmirror.com/',
      'HF_ENDPOINT=https://hf-mirror.com',
    ])
      expect(text).toContain(url);
  });

  it.each(MIRRORED)('are not invented for %s', async (name) => {
    const { root, context } = await setUp();
    await expect(proposeRemedy(name, { root }, context)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it.each(['x', 'ftp://a', 'https://u:p@a', 'https://a/?q', 'https://a/$(x)', 'https://a/`x`'])(
    'are plain URLs, not %s',
    async (mirror) => {
      const { root, context } = await setUp();
      await expect(proposeRemedy('huggingface', { root, mirror }, context)).rejects.toMatchObject({ code: 'USAGE' });
    },
  );
});
