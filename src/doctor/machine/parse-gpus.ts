import type { GpuFacts } from '../facts.js';

/** What `nvidia-smi` is asked for, in the order of its answer. */
export const NVIDIA_FIELDS = ['name', 'memory.total', 'memory.used', 'utilization.gpu', 'driver_version'] as const;

const MIB = 2 ** 20;

/** Lines of `nvidia-smi --query-gpu=… --format=csv,noheader,nounits`, in MiB and percent; `status` is what it prints by itself, which names the CUDA. */
export function parseNvidia(lines: string, status: string): readonly GpuFacts[] {
  const [, cuda] = /CUDA Version:\s*(\d+\.\d+)/.exec(status) ?? [];
  return lines.split('\n').flatMap((line): GpuFacts[] => {
    const fields = line.split(',').map((field) => field.trim());
    if (fields.length < NVIDIA_FIELDS.length) return [];
    // A name may have commas; what follows it has none.
    const [total, used, busy, driver = ''] = fields.slice(-4);
    const name = fields.slice(0, -4).join(', ');
    const [totalMib, usedMib, percent] = [number(total), number(used), number(busy)];
    // Those that share the machine's memory tell no size of their own.
    if (totalMib === undefined || usedMib === undefined) return [];
    return [
      {
        name,
        vendor: 'nvidia',
        memoryBytes: totalMib * MIB,
        usedBytes: usedMib * MIB,
        ...(percent === undefined ? {} : { busyShare: Math.min(1, percent / 100) }),
        ...(/^\d+(\.\d+)*$/.test(driver) ? { driver } : {}),
        ...(cuda === undefined ? {} : { cuda }),
      },
    ];
  });
}

/** Answer of `rocm-smi --showproductname --showmeminfo vram --showuse --showdriverversion --json`: an object for each card, and one for the system. */
export function parseRocm(text: string): readonly GpuFacts[] {
  const cards = asObject(parse(text));
  const driver = valueOf(asObject(cards.system), /^driver version$/i);
  return Object.entries(cards).flatMap(([card, value]): GpuFacts[] => {
    if (!/^card\d+$/.test(card)) return [];
    const facts = asObject(value);
    const memoryBytes = number(valueOf(facts, /^vram total memory \(b\)$/i));
    const usedBytes = number(valueOf(facts, /^vram total used memory \(b\)$/i));
    if (memoryBytes === undefined || usedBytes === undefined) return [];
    const percent = number(valueOf(facts, /^gpu use \(%\)$/i));
    return [
      {
        name: valueOf(facts, /^card series$/i) ?? valueOf(facts, /^card model$/i) ?? card,
        vendor: 'amd',
        memoryBytes,
        usedBytes,
        ...(percent === undefined ? {} : { busyShare: Math.min(1, percent / 100) }),
        ...(driver === undefined ? {} : { driver }),
      },
    ];
  });
}

/** Versions of the tool write the same names in different cases. */
function valueOf(object: Readonly<Record<string, unknown>>, name: RegExp): string | undefined {
  const [, value] = Object.entries(object).find(([key]) => name.test(key)) ?? [];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
