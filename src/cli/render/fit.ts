import { formatBytes, printable, type Lang } from '../../base/index.js';
import type { ModelFacts, Need, Report, VariantFacts, VariantFit } from '../../doctor/index.js';
import { say } from '../texts/index.js';
import type { Look } from './look.js';

type Row = readonly [label: string, value: string];

/** Beyond so many the rest of a repository's quantisations is not told one by one. */
const MOST_OTHERS = 12;

/** What a model is, what it needs, where it would run, and what there is to run it: labels with their values. */
export function fitRows({ facts, fit }: Report, { lang, signs }: Look): readonly Row[] {
  const gpus = (facts.machine.gpus ?? []).map((gpu): Row => [
    say(lang, 'fit.gpuLabel'),
    say(lang, 'fit.gpuValue', {
      name: printable(gpu.name),
      memory: formatBytes(gpu.memoryBytes),
      used: formatBytes(gpu.usedBytes),
      percent: gpu.busyShare === undefined ? undefined : Math.round(gpu.busyShare * 100),
      driver: gpu.driver,
      cuda: gpu.cuda,
    }),
  ]);
  const { model } = facts;
  if (model === undefined || fit === undefined) return gpus;
  const shown = fit.variants[fit.best ?? fit.variants.length - 1];
  const others = fit.variants.filter((each) => each !== shown);
  const unread = model.failures.map(({ path, message }) => `${printable(path)}: ${printable(message)}`);
  return [
    ...gpus,
    ...pythonRows(facts, lang),
    ...(shown === undefined ? [] : variantRows(shown, model, lang)),
    ...listed(say(lang, 'fit.others'), othersOf(others, lang), MOST_OTHERS, signs.ellipsis),
    ...listed(say(lang, 'fit.unread'), unread, 1, signs.ellipsis),
  ];
}

function listed(label: string, values: readonly string[], most: number, ellipsis: string): readonly Row[] {
  if (values.length === 0) return [];
  const shown = values.slice(0, most);
  return [[label, [...shown, ...(values.length > most ? [ellipsis] : [])].join('; ')]];
}

function othersOf(others: readonly VariantFit[], lang: Lang): readonly string[] {
  return others.map(({ variant, place }) =>
    say(lang, 'fit.other', {
      name: printable(variant.name),
      size: formatBytes(variant.sizeBytes),
      place: say(lang, `fit.${place}`),
    }),
  );
}

function variantRows(
  { variant, needs, place, contextTokens }: VariantFit,
  { shape, quantisation, packedBits }: ModelFacts,
  lang: Lang,
): readonly Row[] {
  const name = printable(variant.name);
  const described = say(lang, 'fit.modelValue', {
    ...{ name, format: variant.format, size: formatBytes(variant.sizeBytes), tokens: shape.mostTokens },
    // A GGUF file beside them says itself what it is in.
    ...(variant.format === 'gguf' ? elementsOf(variant, undefined, lang) : elementsOf(variant, packedBits, lang)),
    quantisation: variant.format === 'gguf' ? undefined : quantisation?.toUpperCase(),
  });
  return [
    [say(lang, 'fit.model'), described],
    [say(lang, 'fit.runs'), say(lang, 'fit.runsValue', { place: say(lang, `fit.${place}`), tokens: contextTokens })],
    ...needRow('development', needs, lang, say(lang, 'fit.needs')),
    ...needRow('production', needs, lang, ''),
  ];
}

function needRow(scenario: Need['scenario'], needs: readonly Need[], lang: Lang, label: string): readonly Row[] {
  const [minimum, recommended] = needs.filter((need) => need.scenario === scenario);
  if (minimum === undefined || recommended === undefined) return [];
  const value = say(lang, `fit.${scenario}`, {
    minimum: formatBytes(minimum.bytes),
    place: say(lang, `fit.${minimum.place}`),
    recommended: formatBytes(recommended.bytes),
    better: say(lang, `fit.${recommended.place}`),
    sequences: recommended.sequences,
    tokens: recommended.contextTokens,
  });
  return [[label, value]];
}

/**
 * `8.03 B parameters, BF16`: types by how much is in them; what is in less than a hundredth is not told. A number that several weights share counts
 * as so many; scales among them make that an estimate.
 */
function elementsOf(
  { types, isEstimated }: VariantFacts,
  packedBits: number | undefined,
  lang: Lang,
): { parameters?: string; types?: string } {
  if (types === undefined) return {};
  const weightsOf = (type: string, elements: number): number =>
    packedBits === undefined || type !== 'I32' ? elements : (elements * 32) / packedBits;
  const counted = Object.entries(types).map(([type, elements]): [string, number] => [type, weightsOf(type, elements)]);
  const all = counted.sort(([, one], [, other]) => other - one);
  const total = all.reduce((sum, [, elements]) => sum + elements, 0);
  const names = all.filter(([, elements]) => elements * 100 >= total).map(([type]) => type);
  const parameters = say(lang, isEstimated === true || packedBits !== undefined ? 'fit.estimated' : 'fit.parameters', {
    count: countOf(total),
  });
  return { parameters, types: names.join(' + ') };
}

function countOf(count: number): string {
  for (const [unit, size] of [
    ['T', 1e12],
    ['B', 1e9],
    ['M', 1e6],
  ] as const)
    if (count >= size) return `${(count / size).toPrecision(3)} ${unit}`;
  return String(count);
}

function pythonRows({ machine, model }: Report['facts'], lang: Lang): readonly Row[] {
  const { python } = machine;
  if (python === undefined) return [];
  const packages = Object.entries(python.packages).map(([name, version]) => {
    if (name !== 'torch' || python.torchCuda === undefined) return `${name} ${version}`;
    const cuda = python.torchCuda;
    return `torch ${say(lang, cuda === '' ? 'fit.torchCpu' : 'fit.torch', { version, cuda })}`;
  });
  const written = model?.transformers;
  return [
    [
      say(lang, 'fit.python'),
      [
        python.version,
        ...packages,
        ...(written === undefined ? [] : [say(lang, 'fit.written', { version: written })]),
      ].join('; '),
    ],
  ];
}
