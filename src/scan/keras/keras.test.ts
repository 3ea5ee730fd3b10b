import { describe, expect, it } from 'vitest';
import { rulesOf, scanOf } from '../testing/scan-text.js';

const layer = (
  module: string | null,
  class_name: string,
  config: unknown = {},
  registered_name: string | null = null,
) => ({
  module,
  class_name,
  config,
  registered_name,
});
const model = (...layers: unknown[]) => layer('keras', 'Sequential', { name: 's', layers });
const judged = async (config: object) => {
  const scan = await scanOf('config.json', config);
  return [scan.verdict, ...rulesOf(scan)];
};

describe('Keras configurations', () => {
  it('of ordinary models are CLEAN', async () => {
    const dense = layer('keras.layers', 'Dense', {
      activation: 'relu',
      dtype: layer('keras', 'DTypePolicy', { name: 'float32' }),
      kernel_initializer: layer('keras.initializers', 'GlorotUniform', { seed: null }),
    });
    const compiled = {
      optimizer: layer('keras.optimizers', 'Adam'),
      loss: layer('builtins', 'function', 'mse', 'function'),
    };
    const shape = { class_name: '__tuple__', items: [1, 2] };
    expect(await judged({ ...model(dense, shape), compile_config: compiled })).toEqual(['CLEAN']);
    expect(
      await judged({ class_name: 'Functional', config: { layers: [{ class_name: 'InputLayer', config: {} }] } }),
    ).toEqual(['CLEAN']);
  });

  it.each([
    ['CVE-2024-3660', model(layer('keras.layers', 'Lambda')), 'critical'],
    ['CVE-2025-1550', model(layer('os', 'system', 'id')), 'high'],
    ['CVE-2025-1550, a function', model(layer('os', 'function', 'system', 'function')), 'high'],
    ['CVE-2025-8747', model(layer('keras.utils', 'function', 'get_file', 'get_file')), 'high'],
    ['CVE-2025-9906', model(layer('keras.config', 'enable_unsafe_deserialization')), 'high'],
    [
      'CVE-2025-9905, without a module',
      { class_name: 'Sequential', config: { layers: [{ class_name: 'Lambda', config: {} }] } },
      'critical',
    ],
    ['CVE-2025-49655', model(layer('keras.layers', 'TorchModuleWrapper')), 'critical'],
    ['__lambda__', model({ class_name: '__lambda__', config: { value: '4wEA' } }), 'critical'],
    ['a known class of another module', model(layer('evil', 'Dense')), 'high'],
    ['a module that begins as Keras', model(layer('keras_evil.layers', 'Dense')), 'high'],
    [
      'a wrapped layer',
      model(layer('keras.layers', 'TimeDistributed', { layer: layer('keras.layers', 'Lambda') })),
      'critical',
    ],
  ])('%s', async (_what, config, severity) => {
    const [verdict, ...rules] = await judged(config);
    expect(rules).toContain(`KERAS-CLASS ${severity}`);
    expect(verdict).toBe('FINDINGS');
  });

  it('judges a module that is there twice both times', async () => {
    expect(
      (await scanOf('config.json', '{"class_name":"Dense","module":"os","module":"keras.layers","config":{}}')).verdict,
    ).toBe('FINDINGS');
  });

  it('asks about custom classes', async () => {
    expect(await judged({ class_name: 'Mine', config: {} })).toEqual(['REVIEW', 'KERAS-CUSTOM medium']);
    expect(await judged(layer('keras.layers', 'Dense', {}, 'pkg>Dense'))).toEqual(['REVIEW', 'KERAS-CUSTOM medium']);
  });
});
