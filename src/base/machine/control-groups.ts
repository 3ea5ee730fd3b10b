import { join, relative } from 'node:path/posix';

/** Reads a small file of the kernel's; undefined when it is not there or may not be read. */
export type ReadKernelFile = (path: string) => string | undefined;

/** The folders that hold the files of one controller for the group that this process is in, then for each group around it. */
export interface GroupFolders {
  readonly version: 1 | 2;
  readonly folders: readonly string[];
}

/**
 * Where a controller's files for our own control group are, by `/proc/self/cgroup` and `/proc/self/mountinfo` (cgroups(7), proc(5)).
 * With both versions mounted that is the older hierarchy, if the controller is there, and the unified one.
 */
export function groupFolders(controller: 'memory' | 'cpu', read: ReadKernelFile): readonly GroupFolders[] {
  const mounts = parseMounts(read('/proc/self/mountinfo') ?? '');
  return (read('/proc/self/cgroup') ?? '').split('\n').flatMap((line): GroupFolders[] => {
    const [, number, controllers = '', group = ''] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (number === undefined) return [];
    const isUnified = number === '0' && controllers === '';
    if (!isUnified && !controllers.split(',').includes(controller)) return [];
    const mount = mounts.find(({ type, options }) =>
      isUnified ? type === 'cgroup2' : type === 'cgroup' && options.includes(controller),
    );
    return mount === undefined ? [] : [{ version: isUnified ? 2 : 1, folders: upwards(mount, group) }];
  });
}

interface Mount {
  /** The group that the mount shows as its top. */
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

function parseMounts(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line): Mount[] => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root, point] = before.split(' ');
    const [type = '', , options = ''] = after.split(' ');
    if (root === undefined || point === undefined || !type.startsWith('cgroup')) return [];
    return [{ root: unescape(root), point: unescape(point), type, options: options.split(',') }];
  });
}

/** Blanks and the like stand as three octal digits. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** From our group to the top of what is mounted. A group outside the mount (a container without a cgroup namespace) is the mount's top. */
function upwards({ root, point }: Mount, group: string): readonly string[] {
  const below = relative(root, group);
  if (below === '' || below === '..' || below.startsWith('../')) return [point];
  const names = below.split('/');
  return [...names.keys(), names.length].reverse().map((depth) => join(point, ...names.slice(0, depth)));
}
