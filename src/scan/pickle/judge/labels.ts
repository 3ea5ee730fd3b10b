/**
 * Names for what is known to be dangerous. Tables for words only: what may pass is said by profiles, and a name that stands nowhere does not pass.
 * Sources: advisories of picklescan, fickling and modelscan, CVE and GHSA texts, CPython's and PyTorch's documentation.
 */
export const EXECUTING_MODULES: ReadonlySet<string> = new Set(
  `
  os posix nt subprocess _posixsubprocess sys pty commands popen2 runpy code codeop importlib _frozen_importlib
  _frozen_importlib_external imp _imp pkgutil zipimport marshal ctypes _ctypes cffi pickle _pickle cPickle dill
  cloudpickle pdb bdb trace timeit profile cProfile _lsprof doctest pydoc webbrowser venv ensurepip pip setuptools
  distutils numpy.distutils numpy.f2py numpy.testing idlelib lib2to3 _pyrepl test unittest _interpreters
  _xxsubinterpreters _xxinterpchannels multiprocessing concurrent.futures asyncio _osx_support _aix_support uuid
  imaplib pipes pexpect sh invoke fabric paramiko gc inspect site _sitebuiltins antigravity this cgitb bpython
  IPython ipykernel jupyter_client nbconvert torch.hub torch._dynamo torch._inductor torch.utils.cpp_extension
  torch.utils.bottleneck torch.utils.collect_env torch.utils._config_module torch.jit torch.package torch.distributed
  torch.fx.experimental torch.utils.data.datapipes triton tensorflow.python.ops.script_ops mlflow.projects
  mlflow.pyfunc hydra fire pandas.core.computation numexpr sympy jinja2 mako yaml ruamel _testcapi _testinternalcapi
  faulthandler sysconfig _sysconfigdata turtle tkinter _tkinter pyximport Cython fabric2 ansible wheel pkg_resources
  debugpy pydevd
`
    .split(/\s+/)
    .filter(Boolean),
);

/** They read, write, or speak to others. */
export const REACHING_MODULES: ReadonlySet<string> = new Set(
  `
  socket _socket ssl _ssl http httplib urllib urllib2 urllib3 requests aiohttp httpx ftplib smtplib poplib telnetlib
  nntplib xmlrpc socketserver selectors select io _io shutil tempfile glob fileinput linecache filecmp difflib mmap
  tarfile zipfile gzip bz2 lzma shelve dbm sqlite3 _sqlite3 platform getpass syslog compileall py_compile
  configparser netrc mailbox email wsgiref boto3 botocore fsspec s3fs smart_open psycopg2 pymysql redis pymongo
`
    .split(/\s+/)
    .filter(Boolean),
);

/** Of modules that hold harmless things too. `*`: everything in it. */
export const EXECUTING_NAMES: Readonly<Record<string, string>> = {
  builtins:
    'eval exec compile __import__ getattr setattr delattr open input breakpoint globals locals vars help memoryview type super map filter classmethod staticmethod property exit quit apply execfile reload file raw_input',
  operator: 'attrgetter itemgetter methodcaller call',
  _operator: 'attrgetter itemgetter methodcaller call',
  functools: 'partial partialmethod reduce cached_property singledispatch',
  _functools: 'partial reduce',
  itertools: 'starmap accumulate takewhile dropwhile filterfalse groupby',
  types:
    'CodeType FunctionType LambdaType MethodType ModuleType SimpleNamespace CellType new_class DynamicClassAttribute',
  torch: 'load compile save classes ops _C',
  'torch.storage': '_load_from_bytes',
  'torch.serialization': 'load _load _legacy_load',
  'torch._utils': '_import_dotted_name',
  numpy: 'load save savez fromfile loadtxt genfromtxt memmap size vectorize apply_along_axis frompyfunc',
  'numpy.lib.npyio': 'load loadtxt genfromtxt NpzFile',
  'numpy.ctypeslib': 'load_library',
  pandas: 'read_pickle read_csv eval read_json read_html read_sql',
  'pandas.io.pickle': 'read_pickle',
  joblib: 'load _pickle_load Parallel',
  'joblib.numpy_pickle': 'load _unpickle',
  'joblib.memory': 'Memory',
  'sklearn.utils._joblib': '*',
  'sklearn.preprocessing._function_transformer': 'FunctionTransformer',
  'keras.models': 'load_model',
  'keras.layers': 'Lambda',
  'tensorflow.keras.models': 'load_model',
  'xgboost.core': '_load_lib',
  'lightgbm.basic': '_load_lib',
  'transformers.dynamic_module_utils': '*',
  huggingface_hub: '*',
  logging: 'FileHandler',
  'logging.config': '*',
  'logging.handlers': '*',
  pathlib: '*',
  typing: '_eval_type get_type_hints ForwardRef',
  dataclasses: 'make_dataclass _create_fn',
  collections: 'namedtuple',
  string: 'Formatter Template',
  weakref: 'finalize',
  atexit: 'register',
  threading: '*',
  _thread: '*',
  signal: '*',
  sched: '*',
  contextlib: 'ExitStack contextmanager',
};

/** In the middle of a path there is no harmless reason for these. */
export const PATH_WORDS: ReadonlySet<string> = new Set(
  'os posix nt sys subprocess builtins __builtin__ ctypes importlib pty socket shutil marshal runpy'.split(' '),
);

/** Building one of these does nothing: they are unknown, not dangerous. Paths through them (`Path.write_text`) are. */
export const BUILDING_BLOCKS: ReadonlySet<string> = new Set(
  'pathlib.Path pathlib.PosixPath pathlib.WindowsPath pathlib.PurePosixPath pathlib.PureWindowsPath uuid.UUID copyreg.__newobj__ copyreg.__newobj_ex__'.split(
    ' ',
  ),
);
