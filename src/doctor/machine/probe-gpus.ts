import type { GpuFacts } from '../facts.js';
import { NVIDIA_FIELDS, parseNvidia, parseRocm } from './parse-gpus.js';
import { runTool } from './run-tool.js';

/** GPUs that the tools of their vendors tell of; none where these are not installed. */
export async function probeGpus(signal: AbortSignal): Promise<readonly GpuFacts[]> {
  const query = [`--query-gpu=${NVIDIA_FIELDS.join(',')}`, '--format=csv,noheader,nounits'];
  const cards = ['--showproductname', '--showmeminfo', 'vram', '--showuse', '--showdriverversion', '--json'];
  const [nvidia, amd] = await Promise.all([runTool('nvidia-smi', query, signal), runTool('rocm-smi', cards, signal)]);
  const status = nvidia === undefined ? undefined : await runTool('nvidia-smi', [], signal);
  return [
    ...(nvidia === undefined ? [] : parseNvidia(nvidia, status ?? '')),
    ...(amd === undefined ? [] : parseRocm(amd)),
  ];
}
