const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Filters that only compute. `attr` is not among them. */
export const FILTERS = words(
  'tojson trim strip length count list join map select selectattr reject rejectattr first last upper lower title capitalize replace string int float default d items dictsort indent safe escape e forceescape round sort unique reverse min max sum abs batch slice groupby wordcount truncate center from_json fromjson dict tuple splitlines split keys values striptags wordwrap filesizeformat random urlencode pprint',
);
/** Filters whose text arguments name attributes. */
export const ATTRIBUTE_FILTERS = words('map select selectattr reject rejectattr groupby sort sum min max unique attr');
/** Functions that chat templates are given by transformers, vLLM and llama.cpp, and Jinja’s own harmless ones. */
export const FUNCTIONS = words(
  'raise_exception strftime_now range namespace dict caller loop joiner cycler super from_json',
);
/** Methods of text, lists and dicts that only compute. */
export const METHODS = words(
  'append items keys values get strip lstrip rstrip split rsplit splitlines startswith endswith upper lower title capitalize swapcase replace join update pop extend insert remove index find rfind count copy clear setdefault sort reverse removeprefix removesuffix partition rpartition isdigit isnumeric isalpha isalnum isspace isupper islower istitle isdecimal zfill center ljust rjust strftime cycle changed next isoformat dict model_dump tojson raise_exception strftime_now',
);
/** Attributes that lead from a value to the interpreter, without an underscore in front. */
export const REACHING = words(
  'mro subclasses globals builtins getattr func_globals func_code func_closure im_func im_self gi_frame gi_code gi_yieldfrom cr_frame cr_code cr_await ag_frame ag_code tb_frame tb_next f_back f_globals f_locals f_builtins f_code co_code co_consts os popen subprocess importlib',
);
/** Python’s own names between double underscores by which sandboxes were left. */
export const DUNDERS = words(
  'class mro subclasses globals builtins import init getattribute getattr setattr delattr base bases dict code closure func self name qualname module loader spec reduce reduce_ex call getitem new doc annotations defaults kwdefaults wrapped subclasshook init_subclass weakref slots file path package cached context traceback enter exit del',
);
export const TESTS = words(
  'defined undefined none boolean true false integer float number string mapping iterable sequence callable sameas escaped odd even divisibleby eq equalto == ne != lt lessthan < le <= gt greaterthan > ge >= in upper lower filter test startingwith containing',
);
