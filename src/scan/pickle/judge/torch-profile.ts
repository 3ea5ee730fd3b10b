import type { PickleValue } from '../port.js';
import { PLAIN_BUILDABLE, PLAIN_CALLABLE, PLAIN_FILLABLE } from './plain-profile.js';
import type { PickleProfile } from './profile.js';
import {
  anything,
  bool,
  count,
  dict,
  either,
  globalIn,
  globalName,
  int,
  none,
  plain,
  resultOf,
  signature,
  str,
  text,
  textLike,
  tupleOf,
  type ArgumentRule,
  type Shape,
} from './shapes.js';
import { TORCH_DTYPES, TORCH_OPCODES, TORCH_SCHEMES, TORCH_STORAGES } from './torch-names.js';
import { viewOutside } from './torch-views.js';

const utils = (...names: readonly string[]): string[] => names.map((name) => `torch._utils._rebuild_${name}`);
const TENSOR_MAKERS = new Set([
  ...utils('tensor', 'tensor_v2', 'tensor_v3', 'parameter', 'parameter_with_state', 'qtensor', 'sparse_tensor'),
  ...utils('meta_tensor_no_storage', 'wrapper_subclass', 'device_tensor_from_numpy', 'device_tensor_from_cpu_tensor'),
  'torch._tensor._rebuild_from_type_v2',
  'torch.Tensor',
  'torch.nn.parameter.Parameter',
]);

const storage: Shape = ({ kind }) => kind === 'persistent';
const tensor = resultOf(TENSOR_MAKERS);
const dtype = globalIn(TORCH_DTYPES);
const tensorClass = globalIn(new Set(['torch.Tensor', 'torch.nn.parameter.Parameter']));
const size = either(tupleOf(count), resultOf(new Set(['torch.Size'])));
const stride = tupleOf(count);
const device = either(str, resultOf(new Set(['torch.device'])));
const layout = resultOf(new Set(['torch.serialization._get_layout']));
/** Backward hooks: functions, where there are any. */
const noHooks: Shape = (value) =>
  (value.kind === 'dict' && value.entries.length === 0) ||
  (value.kind === 'object' &&
    globalName(value.callee) === 'collections.OrderedDict' &&
    value.args.length === 0 &&
    value.entries.length === 0 &&
    value.state === undefined);
const attributes = either(plain, dict, tupleOf(either(dict, none)));

/** The arguments in their form, and the view within its storage. */
function view(rule: ArgumentRule, dtypeAt?: number): ArgumentRule {
  return (args) => rule(args) ?? viewOutside(args, dtypeAt === undefined ? undefined : args[dtypeAt]);
}

const CALLABLE: ReadonlyMap<string, ArgumentRule> = new Map<string, ArgumentRule>([
  ...PLAIN_CALLABLE,
  ['torch._utils._rebuild_tensor', view(signature([storage, count, size, stride]))],
  [
    'torch._utils._rebuild_tensor_v2',
    view(signature([storage, count, size, stride, bool, noHooks], [either(dict, none)])),
  ],
  [
    'torch._utils._rebuild_tensor_v3',
    view(signature([storage, count, size, stride, bool, noHooks, dtype], [either(dict, none)]), 6),
  ],
  ['torch._utils._rebuild_parameter', signature([tensor, bool, noHooks])],
  ['torch._utils._rebuild_parameter_with_state', signature([tensor, bool, noHooks, attributes])],
  [
    'torch._utils._rebuild_qtensor',
    view(
      signature([storage, count, size, stride, tupleOf(either(globalIn(TORCH_SCHEMES), tensor, plain)), bool, noHooks]),
    ),
  ],
  ['torch._utils._rebuild_sparse_tensor', signature([layout, tupleOf(either(tensor, size, bool, none))])],
  ['torch._utils._rebuild_meta_tensor_no_storage', signature([dtype, size, stride, bool])],
  [
    'torch._utils._rebuild_wrapper_subclass',
    signature([tensorClass, dtype, size, stride, count, layout, device, bool]),
  ],
  ['torch._utils._rebuild_device_tensor_from_numpy', () => 'an array of numpy in a checkpoint'],
  ['torch._utils._rebuild_device_tensor_from_cpu_tensor', signature([tensor, dtype, device, bool])],
  ['torch._tensor._rebuild_from_type_v2', rebuiltAs],
  ['torch.serialization._get_layout', signature([textLike(/^torch\.[a-z_]+$/)])],
  ['torch.Size', signature([tupleOf(count)])],
  ['torch.device', signature([textLike(/^[a-z]+(?::\d+)?$/)], [int])],
  ['torch.Tensor', signature([])],
  ['torch.nn.parameter.Parameter', signature([tensor], [bool])],
]);

/** Calls its first argument with the third, and gives the result the state. */
function rebuiltAs(args: readonly PickleValue[]): string | undefined {
  const wrong = signature([globalIn(TENSOR_MAKERS), tensorClass, tupleOf(anything), attributes])(args);
  const [callee, , inner] = args;
  if (wrong !== undefined || callee?.kind !== 'global' || inner?.kind !== 'tuple') return wrong;
  return globalName(callee) === 'torch._tensor._rebuild_from_type_v2'
    ? 'itself in itself'
    : CALLABLE.get(globalName(callee))?.(inner.items);
}

/** `Tensor.set_`, as checkpoints before 0.2 have it. */
const tensorState: ArgumentRule = ([state]) =>
  state?.kind === 'tuple' ? view(signature([storage, count, size, stride]))(state.items) : 'a state of no tensor';

const LOCATION = /^(?:cpu|meta|(?:cuda|mps|xpu|hpu|npu)(?::\d+)?)$/;
const VIEW_OF_STORAGE = either(
  none,
  (value) => value.kind === 'tuple' && value.items.length === 3 && value.items.every(either(str, int)),
);

/** `('storage', class, key, location, elements[, view])`; modules (`('module', …)`) bring their source along. */
const persistentId: ArgumentRule = ([id]) =>
  id?.kind !== 'tuple'
    ? 'a persistent id that is no storage'
    : signature(
        [text('storage'), globalIn(TORCH_STORAGES), textLike(/^[A-Za-z0-9_.-]{1,128}$/), textLike(LOCATION), count],
        [VIEW_OF_STORAGE],
      )(id.items);

/**
 * What PyTorch 2.10 and later load with `weights_only=True`: no reader of a checkpoint of this profile runs anything but functions that put tensors
 * together, each with arguments that it was made for.
 */
export const TORCH: PickleProfile = {
  name: 'torch',
  callable: CALLABLE,
  values: new Set([...TORCH_STORAGES, ...TORCH_DTYPES, ...TORCH_SCHEMES]),
  buildable: new Map([...PLAIN_BUILDABLE, ['torch.Tensor', tensorState]]),
  fillable: PLAIN_FILLABLE,
  opcodes: TORCH_OPCODES,
  persistentId,
};
