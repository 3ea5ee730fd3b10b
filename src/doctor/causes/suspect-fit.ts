import type { Facts, GpuFacts, PythonFacts } from '../facts.js';
import { driverFor, isOlder, transformersFor } from '../fit/compatibility.js';
import { fitOf, type Fit, type Need, type VariantFit } from '../fit/fit.js';
import type { ModelFacts } from '../fit/model-facts.js';
import type { Suspicion } from './suspicion.js';

/** Why a model that arrives would not run here. */
export function suspectFit({ model, machine, job }: Facts): readonly Suspicion[] {
  if (model === undefined) return [];
  const { gpus = [], python, disk } = machine;
  const found: Suspicion[] = [];
  // Hard links, reflinks and symlinks let a view show what the store holds; without any of them there are two copies.
  const isCopied = disk.hardLinks === false && disk.symlinks === false && disk.reflinks !== true;
  const neededBytes = job.sizeBytes * 2;
  const { path, freeBytes = Infinity } = disk;
  if (isCopied && freeBytes >= job.sizeBytes && freeBytes < neededBytes)
    found.push({ cause: 'DOES_NOT_FIT_DISK', about: path, evidence: { path, neededBytes, freeBytes } });
  found.push(...suspectSize(fitOf(model, machine), gpus, machine.memoryBytes));
  const isForPython = model.variants.some(({ format }) => format !== 'gguf');
  return isForPython && python !== undefined ? [...found, ...suspectPython(model, python, gpus)] : found;
}

function suspectSize({ variants }: Fit, gpus: readonly GpuFacts[], memoryBytes: number): readonly Suspicion[] {
  const onGpu = variants.filter(({ place }) => place === 'gpu' || place === 'gpus');
  if (onGpu.length > 0) return memoryTaken(onGpu, gpus);
  const [least] = [...variants].sort((one, other) => one.variant.sizeBytes - other.variant.sizeBytes);
  const need = least && firstNeed(least);
  if (least === undefined || need === undefined) return [];
  const evidence = { variant: least.variant.name, neededBytes: need.bytes, contextTokens: need.contextTokens };
  const found: Suspicion[] = [];
  if (gpus.length > 0) {
    const gpuBytes = gpus.reduce((sum, gpu) => sum + gpu.memoryBytes, 0);
    const about = gpus[0]?.name ?? '';
    found.push({ cause: 'DOES_NOT_FIT_GPU', about, evidence: { ...evidence, gpuBytes, count: gpus.length } });
  }
  if (variants.every(({ place }) => place === 'nowhere'))
    found.push({ cause: 'DOES_NOT_FIT_MEMORY', about: 'memory', evidence: { ...evidence, memoryBytes } });
  return found;
}

/** It would fit, were there not somebody else. */
function memoryTaken(onGpu: readonly VariantFit[], gpus: readonly GpuFacts[]): readonly Suspicion[] {
  const needs = onGpu.flatMap((each) => firstNeed(each)?.bytes ?? []);
  const neededBytes = Math.min(...needs);
  const freeBytes = gpus.reduce((sum, gpu) => sum + gpu.memoryBytes - gpu.usedBytes, 0);
  const [fullest] = [...gpus].sort((one, other) => other.usedBytes - one.usedBytes);
  if (fullest === undefined || freeBytes >= neededBytes) return [];
  const evidence = { gpu: fullest.name, usedBytes: fullest.usedBytes, neededBytes, freeBytes };
  return [{ cause: 'GPU_MEMORY_TAKEN', about: fullest.name, evidence }];
}

function firstNeed({ needs }: VariantFit): Need | undefined {
  return needs.find(({ scenario, level }) => scenario === 'development' && level === 'minimum');
}

function suspectPython(model: ModelFacts, python: PythonFacts, gpus: readonly GpuFacts[]): readonly Suspicion[] {
  const found: Suspicion[] = [];
  const { transformers: installed, torch } = python.packages;
  const { modelType = '', transformers: declared } = model;
  const needed = transformersFor(modelType);
  if (installed !== undefined && needed !== undefined && isOlder(installed, needed)) {
    const command = `python3 -m pip install --upgrade 'transformers>=${needed}'`;
    found.push({
      cause: 'TOO_OLD_TRANSFORMERS',
      about: 'transformers',
      evidence: { installed, needed, modelType },
      command,
    });
  } else if (
    installed !== undefined &&
    declared !== undefined &&
    needed === undefined &&
    isOlder(installed, declared)
  ) {
    found.push({ cause: 'OLDER_TRANSFORMERS', about: 'transformers', evidence: { installed, declared } });
  }
  const nvidia = gpus.find(({ vendor }) => vendor === 'nvidia');
  const { torchCuda } = python;
  if (nvidia === undefined || torch === undefined || torchCuda === undefined) return found;
  if (torchCuda === '')
    found.push({ cause: 'TORCH_WITHOUT_CUDA', about: 'torch', evidence: { torch, gpu: nvidia.name } });
  const driver = driverFor(torchCuda);
  if (driver !== undefined && nvidia.driver !== undefined && isOlder(nvidia.driver, driver)) {
    const evidence = { installed: nvidia.driver, needed: driver, torch, cuda: torchCuda };
    found.push({ cause: 'DRIVER_TOO_OLD', about: nvidia.name, evidence });
  }
  return found;
}
