import type { GpuFacts, MachineFacts } from '../facts.js';
import type { ModelFacts, ModelShape, VariantFacts } from './model-facts.js';
import { GPU_RESERVE_BYTES, MEMORY_RESERVE_BYTES, SCENARIOS, USUAL_TOKENS, type Scenario } from './scenarios.js';

/** Where it would run: on one GPU, spread over all of a vendor, in main memory, or not here. */
export type Place = 'gpu' | 'gpus' | 'memory' | 'nowhere';

export interface Need {
  readonly scenario: Scenario['name'];
  readonly level: Scenario['level'];
  readonly sequences: number;
  readonly contextTokens: number;
  /** Weights and what is kept for the context, and what is loaded beside them, in one place. */
  readonly bytes: number;
  readonly place: Place;
}

export interface VariantFit {
  readonly variant: VariantFacts;
  readonly needs: readonly Need[];
  /** Where it can be tried at all. */
  readonly place: Place;
  /** Tokens of one text that fit there; absent where nothing tells what a token takes. */
  readonly contextTokens?: number;
}

export interface Fit {
  readonly variants: readonly VariantFit[];
  /** The largest that runs in the fastest place, as its place in `variants`; absent where none runs here. */
  readonly best?: number;
}

/** What a model needs, against what this machine has. A function of nothing else. */
export function fitOf(model: ModelFacts, machine: MachineFacts): Fit {
  const variants = model.variants.map((variant) => fitVariant(variant, model.shape, machine));
  const order: readonly Place[] = ['gpu', 'gpus', 'memory'];
  const bestPlace = order.find((place) => variants.some((each) => each.place === place));
  const best = variants.reduce<number | undefined>((found, each, index) => {
    if (each.place !== bestPlace) return found;
    const isLarger = found === undefined || each.variant.sizeBytes > (variants[found]?.variant.sizeBytes ?? 0);
    return isLarger ? index : found;
  }, undefined);
  return { variants, ...(best === undefined ? {} : { best }) };
}

function fitVariant(variant: VariantFacts, shape: ModelShape, machine: MachineFacts): VariantFit {
  const perToken = shape.cacheBytesPerToken;
  const needs = SCENARIOS.map(({ name, level, sequences, contextTokens: wanted, gpuShare }): Need => {
    const contextTokens = Math.min(wanted, shape.mostTokens ?? USUAL_TOKENS);
    const dataBytes = variant.sizeBytes + sequences * contextTokens * (perToken ?? 0);
    const place = placeFor(dataBytes, machine, gpuShare);
    return { scenario: name, level, sequences, contextTokens, bytes: dataBytes + GPU_RESERVE_BYTES, place };
  });
  const place = needs[0]?.place ?? 'nowhere';
  if (perToken === undefined || place === 'nowhere') return { variant, needs, place };
  const room = roomOf(place, machine, 1) - variant.sizeBytes;
  const contextTokens = Math.max(0, Math.min(shape.mostTokens ?? Infinity, Math.floor(room / perToken)));
  return { variant, needs, place, contextTokens };
}

function placeFor(bytes: number, machine: MachineFacts, gpuShare: number): Place {
  const places: readonly Place[] = ['gpu', 'gpus', 'memory'];
  return places.find((place) => bytes <= roomOf(place, machine, gpuShare)) ?? 'nowhere';
}

/** Bytes that weights and context can have there, beside what everything else takes. */
function roomOf(place: Place, { gpus = [], memoryBytes }: MachineFacts, gpuShare: number): number {
  const rooms = gpus.map((gpu) => ({ vendor: gpu.vendor, bytes: gpu.memoryBytes * gpuShare - GPU_RESERVE_BYTES }));
  if (place === 'gpu') return Math.max(0, ...rooms.map(({ bytes }) => bytes));
  if (place === 'gpus') return Math.max(0, ...vendorsOf(gpus).map((vendor) => sum(rooms, vendor)));
  return place === 'memory' ? memoryBytes - MEMORY_RESERVE_BYTES : 0;
}

function vendorsOf(gpus: readonly GpuFacts[]): readonly GpuFacts['vendor'][] {
  return [...new Set(gpus.map(({ vendor }) => vendor))];
}

function sum(rooms: readonly { readonly vendor: string; readonly bytes: number }[], vendor: string): number {
  return rooms.reduce((total, room) => total + (room.vendor === vendor ? Math.max(0, room.bytes) : 0), 0);
}
