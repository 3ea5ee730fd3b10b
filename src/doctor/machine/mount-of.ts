export interface Mount {
  /** `major:minor` of the device, as /proc/diskstats has it. */
  readonly number: string;
  readonly device: string;
  readonly fileSystem: string;
}

/** Which of the lines of /proc/self/mountinfo (proc(5)) a path without symlinks lies on: the deepest, and of two at one place the later. */
export function mountOf(path: string, mountinfo: string): Mount | undefined {
  let found: (Mount & { readonly point: string }) | undefined;
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , number, , rawPoint] = before.split(' ');
    const [fileSystem, device] = after.split(' ');
    if (number === undefined || rawPoint === undefined || fileSystem === undefined || device === undefined) continue;
    const point = unescape(rawPoint);
    const isAbove = path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`);
    if (isAbove && point.length >= (found?.point.length ?? 0))
      found = { number, device: unescape(device), fileSystem, point };
  }
  return found === undefined ? undefined : { number: found.number, device: found.device, fileSystem: found.fileSystem };
}

/** Blanks and the like stand as three octal digits. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
