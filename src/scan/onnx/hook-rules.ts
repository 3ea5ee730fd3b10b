import type { HookJudge } from '../hooks.js';

/** Domains whose operators every runtime brings along. */
export const ONNX_DOMAINS: ReadonlySet<string> = new Set([
  '',
  'ai.onnx',
  'ai.onnx.ml',
  'ai.onnx.training',
  'ai.onnx.preview',
  'ai.onnx.preview.training',
  'com.microsoft',
  'com.microsoft.nchwc',
  'com.microsoft.experimental',
  'com.ms.internal.nhwc',
  'org.pytorch.aten',
]);

const PYTHON = { rule: 'ONNX-PYTHON', reason: 'operators that are programs' } as const;
const isPython = (domain: string): boolean => domain === 'ai.onnx.contrib' || /python|pyop/i.test(domain);

export const ONNX_HOOKS: Readonly<Record<string, HookJudge>> = {
  'onnx.domain': (value) => {
    if (ONNX_DOMAINS.has(value)) return undefined;
    return isPython(value) ? PYTHON : { rule: 'ONNX-DOMAIN', reason: 'needs a library of its own' };
  },
  /** All of its operators are functions in the model, whose bodies are judged. */
  'onnx.own-domain': (value) => (isPython(value) ? PYTHON : undefined),
  'onnx.op': (value) =>
    /^(?:.*::)?(?:PyOp|PythonOp|PyCustomOp|PyFunc|ExternalProgram)\b/.test(value)
      ? { rule: 'ONNX-PYTHON', reason: 'runs Python' }
      : undefined,
  'onnx.external': (value) => {
    const reason = unsafeLocation(value);
    return reason === undefined ? undefined : { rule: 'ONNX-EXTDATA', reason };
  },
  'onnx.external-key': () => ({
    rule: 'ONNX-EXTDATA-KEY',
    reason: 'only location, offset, length, checksum and basepath exist',
  }),
};

/** Why a place of external data is none beside the model. */
function unsafeLocation(location: string): string | undefined {
  const parts = location.split(/[/\\]/);
  if (location === '') return 'no place at all';
  if (/^[/\\]/.test(location) || /^[A-Za-z]:/.test(location)) return 'an absolute path';
  if (parts.includes('..')) return 'a path that goes up';
  if (/^[A-Za-z][A-Za-z\d+.-]*:/.test(location)) return 'a URL';
  if (location.startsWith('~')) return 'a path of a home folder';

  if (/[\u0000-\u001f]/.test(location)) return 'signs that no path has';
  return undefined;
}
