import type { PythonFacts } from '../facts.js';
import { runTool } from '../machine/run-tool.js';

const PACKAGES = ['torch', 'transformers', 'safetensors', 'accelerate', 'vllm', 'llama_cpp_python', 'diffusers'];

/** Says what is installed, from the packages' own notes: nothing of them is loaded, and nothing in the folder that we stand in. */
const SCRIPT = `
import sys
sys.path = [p for p in sys.path if p]
import json, re
from importlib import metadata
told = {"version": "%d.%d.%d" % sys.version_info[:3], "packages": {}}
for name in sys.argv[1:]:
    try:
        told["packages"][name] = metadata.version(name)
    except Exception:
        pass
try:
    text = open(metadata.distribution("torch").locate_file("torch/version.py")).read(65536)
    found = re.search(r"^cuda\\b[^=\\n]*=\\s*(?:'([^']*)'|None)", text, re.M)
    if found:
        told["torchCuda"] = found.group(1) or ""
except Exception:
    pass
print(json.dumps(told))
`;

/** What `python3` of this machine has of what runs models; undefined where there is none. */
export async function probePython(signal: AbortSignal): Promise<PythonFacts | undefined> {
  return parsePython((await runTool('python3', ['-c', SCRIPT, ...PACKAGES], signal)) ?? '');
}

/** The last line of what the script prints: others may have printed before. */
export function parsePython(output: string): PythonFacts | undefined {
  const value = fieldsOf(parse(output.trim().split('\n').at(-1) ?? ''));
  const version = versionOf(value.version);
  if (version === undefined) return undefined;
  const packages = Object.entries(fieldsOf(value.packages)).flatMap(([name, told]) => {
    const found = versionOf(told);
    return found === undefined || !PACKAGES.includes(name) ? [] : [[name, found] as const];
  });
  const { torchCuda } = value;
  const isCuda = typeof torchCuda === 'string' && /^(\d+(\.\d+)*)?$/.test(torchCuda);
  return { version, packages: Object.fromEntries(packages), ...(isCuda ? { torchCuda } : {}) };
}

function versionOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^\d+(\.\d+)*[\w.+!-]{0,40}$/.test(value) ? value : undefined;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
