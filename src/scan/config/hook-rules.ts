import type { HookJudge } from '../hooks.js';

/** Attention that transformers has built in; anything else is fetched. */
export const ATTENTIONS: ReadonlySet<string> = new Set([
  'eager',
  'sdpa',
  'flash_attention_2',
  'flash_attention_3',
  'flex_attention',
  'paged_attention',
  'sdpa_paged',
  'eager_paged',
]);

/** Libraries of diffusers' pipelines that are installed packages. Others are modules beside the file. */
export const PIPELINE_LIBRARIES: ReadonlySet<string> = new Set([
  'diffusers',
  'transformers',
  'stable_diffusion',
  'onnxruntime',
  'optimum',
  'optimum.onnxruntime',
  'optimum.intel.openvino.modeling_diffusion',
  'peft',
  'k_diffusion',
  'null',
]);

/** Modules of sentence-transformers that only compute. */
const SENTENCE_MODULE =
  /^(?:sentence_transformers\.(?:models|sparse_encoder\.models|sentence_transformer\.(?:models|modules)|base\.modules)\.[A-Z]\w*|sentence_transformers\.models\.[A-Z]\w*\.[A-Z]\w*|pylate\.models\.[A-Z]\w*\.[A-Z]\w*)$/;
/** What a `_target_` may be: a class, by the case of its name, of a framework that keeps its models under these packages. */
const TARGET_CLASS =
  /^(?:nemo\.(?:collections|core)|torch\.(?:nn|optim)|lightning\.pytorch|pytorch_lightning|monai\.(?:networks|transforms))(?:\.[a-z_]\w*)*\.[A-Z]\w*$/;
/** Modules that others import, so that a path through them reaches what runs: `nemo.collections.x.os.system`. */
export const REACHING_MODULES: ReadonlySet<string> = new Set(
  'os posix nt sys subprocess builtins importlib imp runpy shutil pathlib io pickle dill cloudpickle joblib marshal shelve code codeop ctypes cffi multiprocessing socket ssl http urllib requests httpx webbrowser pty pdb timeit cProfile profile trace inspect types operator functools tempfile zipfile tarfile logging asyncio concurrent threading signal platform glob fileinput atexit gc site sysconfig venv ensurepip pip setuptools distutils pkgutil pydoc doctest unittest hub serialization _utils utils_'.split(
    ' ',
  ),
);

export const CONFIG_HOOKS: Readonly<Record<string, HookJudge>> = {
  auto_map: (value) =>
    value.includes('--')
      ? { rule: 'CFG-REMOTE-CODE', reason: 'code of another repository', severity: 'high' }
      : { rule: 'CFG-REMOTE-CODE', reason: 'code of this repository' },
  custom_pipeline: () => ({ rule: 'CFG-REMOTE-CODE', reason: 'a pipeline in code' }),
  trust_remote_code: () => ({
    rule: 'CFG-REMOTE-CODE',
    reason: 'the configuration grants itself what only a user may',
  }),
  model_file: (value) => ({
    rule: 'CFG-REMOTE-CODE',
    reason: 'a file that some loaders run without asking',
    severity: /\.pyw?$/i.test(value) ? 'high' : 'medium',
  }),
  parent_library: (value) =>
    /^(?:transformers|timm|torch|diffusers|sentence_transformers)(?:\.[a-z_][a-z_\d]*)*$/.test(value) && !reaches(value)
      ? undefined
      : { rule: 'CFG-REMOTE-CODE', reason: 'a module that is imported by this name' },
  python_path: () => ({ rule: 'CFG-REMOTE-CODE', reason: 'a path to Python code' }),
  attention: (value) =>
    ATTENTIONS.has(value)
      ? undefined
      : value.includes('/')
        ? { rule: 'CFG-KERNEL', reason: 'a kernel from a repository', severity: 'high' }
        : { rule: 'CFG-KERNEL', reason: 'not built in' },
  pipeline: (value) => {
    const library = value.slice(0, value.lastIndexOf('.'));
    return PIPELINE_LIBRARIES.has(library)
      ? undefined
      : { rule: 'CFG-REMOTE-CODE', reason: 'a part of the pipeline from a module that is no known package' };
  },
  sentence_module: (value) =>
    SENTENCE_MODULE.test(value)
      ? undefined
      : { rule: 'CFG-REMOTE-CODE', reason: 'a module that is no part of sentence-transformers' },
  _target_: (value) =>
    TARGET_CLASS.test(value) && !reaches(value)
      ? undefined
      : { rule: 'CFG-TARGET', reason: 'not a class of a known framework' },
  expression: () => ({ rule: 'CFG-TARGET', reason: 'an expression that is evaluated' }),
  mlflow: (value) =>
    /^mlflow\.(?!pyfunc\.model)[a-z_.]+$/.test(value)
      ? undefined
      : { rule: 'CFG-REMOTE-CODE', reason: 'a loader that is not MLflow’s own' },
  'yaml.tag': (value) => {
    if (
      /^(?:!!|tag:yaml\.org,2002:)?python\/(?:tuple|str|unicode|int|long|float|complex|bool|none|list|dict|bytes)\b/.test(
        value,
      )
    )
      return undefined;
    if (/python/i.test(value)) return { rule: 'YAML-TAG', reason: 'builds a Python object', severity: 'critical' };
    const [, made] = /^!(?:new|name|apply|module|include):(.*)$/.exec(value) ?? [];
    if (made === undefined) return { rule: 'YAML-TAG', reason: 'not a tag of YAML itself', severity: 'medium' };
    const isKnown = /^(?:speechbrain|torch\.nn|torch\.optim|torchaudio)\.[\w.]*$/.test(made) && !reaches(made);
    return { rule: 'YAML-TAG', reason: 'imports and calls what it names', severity: isKnown ? 'medium' : 'high' };
  },
};

function reaches(path: string): boolean {
  return path.split('.').some((part) => REACHING_MODULES.has(part) || part.startsWith('__'));
}
