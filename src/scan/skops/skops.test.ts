import { describe, expect, it } from 'vitest';
import { buildZip } from '../testing/build-zip.js';
import { rulesOf, scanOf } from '../testing/scan-text.js';

const node = (module: string, name: string, loader = 'ObjectNode', content: unknown = {}): object => ({
  __class__: name,
  __module__: module,
  __loader__: loader,
  content,
});
const judged = async (schema: unknown) => {
  const members = [{ name: 'schema.json', content: typeof schema === 'string' ? schema : JSON.stringify(schema) }];
  const scan = await scanOf('model.skops', buildZip({ members }));
  return [scan.verdict, ...rulesOf(scan)];
};

describe('what skops writes', () => {
  it('is CLEAN where estimators and values alone are in it', async () => {
    const steps = { __class__: 'list', __module__: 'builtins', __loader__: 'ListNode', content: [] };
    const scaler = node('sklearn.preprocessing._data', 'StandardScaler', 'ObjectNode', {
      mean: node('numpy', 'ndarray', 'NdArrayNode'),
      dtype: node('numpy.dtypes', 'Float64DType', 'DtypeNode'),
      sparse: node('scipy.sparse._csr', 'csr_matrix', 'SparseMatrixNode'),
    });
    expect(await judged(node('sklearn.pipeline', 'Pipeline', 'ObjectNode', { steps, scaler }))).toEqual(['CLEAN']);
  });

  it.each<[string, object | string, string, string]>([
    ['a function of the system', node('os', 'system', 'FunctionNode'), 'FINDINGS', 'critical'],
    [
      'one behind a content',
      node('a', 'b', 'FunctionNode', { module_path: 'os', function: 'system' }),
      'FINDINGS',
      'critical',
    ],
    ['an operator (CVE-2025-54412)', node('operator', 'methodcaller', 'OperatorFuncNode'), 'FINDINGS', 'critical'],
    [
      'a method (CVE-2025-54413)',
      node('sklearn.linear_model', 'Ridge', 'MethodNode', { func: 'fit' }),
      'REVIEW',
      'medium',
    ],
    ['a partial call', node('functools', 'partial', 'PartialNode'), 'FINDINGS', 'critical'],
    ['a class of the program that wrote it', node('__main__', 'DivideColumns'), 'REVIEW', 'medium'],
    ['a class of another package', node('mine.models', 'Model'), 'REVIEW', 'medium'],
    ['a path through what is known', node('sklearn.utils.os', 'system'), 'FINDINGS', 'critical'],
    ['a module without a class', { __module__: 'os', __loader__: 'ObjectNode' }, 'FINDINGS', 'critical'],
    [
      'a name that is there twice',
      '{"__class__":"list","__module__":"os","__module__":"builtins","__loader__":"ListNode"}',
      'FINDINGS',
      'critical',
    ],
  ])('is not where it names %s', async (_what, schema, verdict, severity) => {
    const found = await judged(schema);
    expect(found[0]).toBe(verdict);
    expect(found).toContain(`SKOPS-TYPE ${severity}`);
  });
});
