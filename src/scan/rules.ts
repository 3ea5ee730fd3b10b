import { CONTAINER_RULES } from './container-rules.js';
import { PICKLE_RULES } from './pickle/rules.js';
import type { Finding, Severity } from './port.js';

/** One thing that the scanner says of bytes. Ids are stable: policies, waivers and SARIF name them. */
export interface Rule {
  /** What a finding has unless the place makes it milder or worse. */
  readonly severity: Severity;
  /** CVE, GHSA and CWE ids of what it is for. */
  readonly references: readonly string[];
  /** Why it matters, for people. */
  readonly en: string;
  readonly zh: string;
}

export const RULES = {
  ...CONTAINER_RULES,
  ...PICKLE_RULES,
  'TYPE-MISMATCH': {
    severity: 'medium',
    references: ['CVE-2025-1889', 'CVE-2025-10155'],
    en: 'The name promises another format than the bytes are: loaders go by one, other scanners by the other.',
    zh: '文件名所示格式与实际字节不符：加载器与其他扫描器可能各信其一。',
  },
  'COV-UNATTRIBUTED': {
    severity: 'low',
    references: [],
    en: 'Some bytes belong to no structure that is known; nobody can say what they do.',
    zh: '部分字节不属于任何已知结构，无法判断其作用。',
  },
  'LIMIT-HIT': {
    severity: 'low',
    references: ['CWE-770'],
    en: 'A bound of the scanner was reached, so some of the file was not read.',
    zh: '触及扫描器上限，文件的一部分未被读取。',
  },
  'FORMAT-FAULT': {
    severity: 'low',
    references: [],
    en: 'The bytes break the format they are in: readers may disagree about them.',
    zh: '字节不符合其格式，不同读取器的理解可能不一致。',
  },
  JSON: {
    severity: 'low',
    references: [],
    en: 'JSON that not all readers take alike.',
    zh: '并非所有读取器都会作相同理解的 JSON。',
  },
  'ST-LENGTH': {
    severity: 'low',
    references: [],
    en: 'A safetensors header of an impossible length.',
    zh: 'safetensors 头部长度不可能成立。',
  },
  'ST-HEADER': { severity: 'low', references: [], en: 'A broken safetensors header.', zh: 'safetensors 头部损坏。' },
  'ST-TENSOR': {
    severity: 'low',
    references: [],
    en: 'A tensor whose type, shape and place do not agree.',
    zh: '张量的类型、形状与位置不一致。',
  },
  'ST-GAP': {
    severity: 'low',
    references: [],
    en: 'Bytes in a safetensors file that belong to no tensor, or to two.',
    zh: 'safetensors 文件中有字节不属于任何张量，或同时属于两个张量。',
  },
  'GGUF-MAGIC': { severity: 'low', references: [], en: 'Not a GGUF file.', zh: '不是 GGUF 文件。' },
  'GGUF-VERSION': {
    severity: 'low',
    references: [],
    en: 'A GGUF version that is not known.',
    zh: '未知的 GGUF 版本。',
  },
  'GGUF-LIMIT': {
    severity: 'low',
    references: ['GHSA-vgg9-87g3-85w8', 'GHSA-96jg-mvhq-q7q7'],
    en: 'A count or size beyond what any model has: loaders overflowed on such.',
    zh: '计数或大小超出任何真实模型：加载器曾因此溢出。',
  },
  'GGUF-TRUNCATED': { severity: 'low', references: [], en: 'A GGUF header without an end.', zh: 'GGUF 头部不完整。' },
  'GGUF-VALUE': { severity: 'low', references: [], en: 'A broken GGUF value.', zh: 'GGUF 值损坏。' },
  'GGUF-TENSOR': {
    severity: 'low',
    references: ['GHSA-vgg9-87g3-85w8'],
    en: 'A GGUF tensor outside of the file, or over another.',
    zh: 'GGUF 张量越界或相互重叠。',
  },
  'PB-FAULT': {
    severity: 'low',
    references: [],
    en: 'A broken protobuf, or one that readers may take differently.',
    zh: 'protobuf 损坏，或不同读取器理解不同。',
  },
  'FB-FAULT': {
    severity: 'low',
    references: [],
    en: 'A broken flatbuffer, or one that readers may take differently.',
    zh: 'FlatBuffers 数据损坏，或不同读取器理解不同。',
  },
  'TFLITE-CUSTOM': {
    severity: 'medium',
    references: [],
    en: 'A custom operation of TensorFlow Lite: it comes from a native library that has to be loaded beside the model.',
    zh: 'TensorFlow Lite 自定义算子：需另行加载本地库。',
  },
  'COREML-CUSTOM': {
    severity: 'medium',
    references: [],
    en: 'A custom layer, operation or model of Core ML: a class that the program which loads it brings along.',
    zh: 'Core ML 自定义层、算子或模型：由加载它的程序自带的类执行。',
  },
  'COREML-FILE': {
    severity: 'high',
    references: [],
    en: 'A Core ML model that takes weights or another model from outside of its package.',
    zh: 'Core ML 模型引用其包之外的权重或其他模型。',
  },
  'ONNX-EXTDATA': {
    severity: 'high',
    references: ['CVE-2022-25882', 'CVE-2024-27318', 'CVE-2025-51480', 'CVE-2026-27489', 'CVE-2026-34446'],
    en: 'External data outside of the model’s folder: loading it reads or writes files of the machine.',
    zh: '外部数据指向模型目录之外：加载时会读写本机文件。',
  },
  'ONNX-EXTDATA-KEY': {
    severity: 'high',
    references: ['CVE-2026-34445'],
    en: 'An entry of external data that no specification knows: loaders set attributes by it.',
    zh: '外部数据含规范之外的键：加载器会据此设置属性。',
  },
  'ONNX-DOMAIN': {
    severity: 'medium',
    references: [],
    en: 'Operators of a custom domain: they come from a native library that has to be loaded beside the model.',
    zh: '自定义域的算子：需另行加载本地库。',
  },
  'ONNX-PYTHON': {
    severity: 'critical',
    references: [],
    en: 'Operators that run Python or files of the machine.',
    zh: '会运行 Python 代码或访问本机文件的算子。',
  },
  'TF-OP': {
    severity: 'high',
    references: [],
    en: 'A TensorFlow operation that reads or writes files, calls Python or the network when the graph runs.',
    zh: '该 TensorFlow 操作在运行时会读写文件、调用 Python 或访问网络。',
  },
  'TF-OP-UNKNOWN': {
    severity: 'medium',
    references: [],
    en: 'A TensorFlow operation that is not on the list of those that only compute.',
    zh: '不在纯计算操作清单中的 TensorFlow 操作。',
  },
  'KERAS-CLASS': {
    severity: 'high',
    references: ['CVE-2024-3660', 'CVE-2025-1550', 'CVE-2025-8747', 'CVE-2025-9905', 'CVE-2025-9906', 'CVE-2025-49655'],
    en: 'A Keras configuration names a class or function that is not on the list of those that only compute; loading imports and calls it.',
    zh: 'Keras 配置引用了不在安全清单中的类或函数；加载时会导入并调用。',
  },
  'KERAS-CUSTOM': {
    severity: 'medium',
    references: [],
    en: 'A custom Keras class: it loads only where the user’s program has registered one of that name.',
    zh: '自定义 Keras 类：仅在用户程序已注册同名类时才能加载。',
  },
  'SKOPS-TYPE': {
    severity: 'medium',
    references: ['CVE-2025-54412', 'CVE-2025-54413', 'CVE-2025-54886'],
    en: 'A file of skops names a class or function that is not known to hold values alone; loading imports it.',
    zh: 'skops 文件引用了并非仅存放数值的类或函数；加载时会导入。',
  },
  'XML-ENTITY': {
    severity: 'medium',
    references: ['CWE-611', 'CWE-776'],
    en: 'XML declares entities or a document type: some readers open files or the network for them.',
    zh: 'XML 声明了实体或文档类型：部分读取器会因此打开文件或访问网络。',
  },
  MSGPACK: {
    severity: 'low',
    references: [],
    en: 'MessagePack that is broken, or more than Flax writes.',
    zh: 'MessagePack 损坏，或超出 Flax 所写的内容。',
  },
  'HDF5-OUTSIDE': {
    severity: 'high',
    references: ['CWE-73'],
    en: 'HDF5 that takes its data from other files.',
    zh: 'HDF5 数据来自其他文件。',
  },
  'HDF5-FAULT': {
    severity: 'low',
    references: [],
    en: 'HDF5 that is broken, or more than the scanner’s reader knows.',
    zh: 'HDF5 损坏，或超出扫描器所能读取的范围。',
  },
  'JINJA-SSTI': {
    severity: 'critical',
    references: ['CVE-2024-34359', 'CVE-2026-5760', 'CWE-1336'],
    en: 'A chat template reaches for Python’s internals: rendering it outside a sandbox runs code.',
    zh: '聊天模板访问 Python 内部对象：在沙箱外渲染即可执行代码。',
  },
  'JINJA-UNKNOWN': {
    severity: 'medium',
    references: [],
    en: 'A chat template uses what is not on the list of harmless names, or cannot be parsed.',
    zh: '聊天模板使用了清单之外的名称，或无法解析。',
  },
  'JINJA-CONTENT': {
    severity: 'info',
    references: [],
    en: 'A chat template acts on what messages say, or adds long text of its own: so do templates with a hidden trigger.',
    zh: '聊天模板依据消息内容分支，或自行加入长文本：带有隐藏触发器的模板亦如此。',
  },
  'CFG-REMOTE-CODE': {
    severity: 'medium',
    references: ['CVE-2025-66448', 'CVE-2026-5843'],
    en: 'A configuration names code of the repository; loaders run it when remote code is allowed, and some when it is not.',
    zh: '配置引用仓库代码；允许远程代码时加载器会执行，个别加载器未允许也会执行。',
  },
  'CFG-KERNEL': {
    severity: 'medium',
    references: ['CVE-2026-4372'],
    en: 'An attention implementation that is not built in: a kernel is fetched and loaded by this name.',
    zh: '非内置的注意力实现：会按此名称下载并加载内核。',
  },
  'CFG-TARGET': {
    severity: 'high',
    references: ['CVE-2025-23304'],
    en: 'A configuration names a Python callable that the loader imports and calls.',
    zh: '配置指定了加载器会导入并调用的 Python 对象。',
  },
  'CFG-INVALID': {
    severity: 'medium',
    references: [],
    en: 'A configuration that is broken or says a thing twice: readers may disagree about it.',
    zh: '配置损坏或重复定义：不同读取器的理解可能不一致。',
  },
  'YAML-TAG': {
    severity: 'high',
    references: ['CWE-502'],
    en: 'A YAML tag that makes a loader build Python objects.',
    zh: 'YAML 标签会使加载器构造 Python 对象。',
  },
  'CODE-FILE': {
    severity: 'medium',
    references: [],
    en: 'A program, in source: loaders run it when remote code is allowed.',
    zh: '源代码程序：允许远程代码时加载器会执行。',
  },
  'CODE-NATIVE': {
    severity: 'high',
    references: [],
    en: 'A native library or program by its name.',
    zh: '按名称为本地库或可执行程序。',
  },
  'CODE-AUTORUN': {
    severity: 'high',
    references: [],
    en: 'A file that Python, git or a shell runs by itself where it lies.',
    zh: 'Python、git 或 shell 会自动执行的文件。',
  },
  'TXT-FETCH-RUN': {
    severity: 'medium',
    references: [],
    en: 'Text tells its reader to fetch a program and run it at once.',
    zh: '文本指示读者下载程序并立即执行。',
  },
  'TXT-SECRET': {
    severity: 'low',
    references: ['CWE-798'],
    en: 'What looks like somebody’s key or password.',
    zh: '疑似密钥或密码。',
  },
  'AV-SIG': {
    severity: 'critical',
    references: [],
    en: 'ClamAV knows this as malicious.',
    zh: 'ClamAV 识别为恶意。',
  },
  'AV-UNASKED': {
    severity: 'low',
    references: [],
    en: 'ClamAV was to look at the file and did not: too large for it, out of reach, or with an old database.',
    zh: '应由 ClamAV 检查但未完成：超出大小限制、无法连接或病毒库过旧。',
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleId = keyof typeof RULES;

/** A finding of a rule, of its severity unless another is given. */
export function finding(
  rule: RuleId,
  evidence: string,
  members: readonly string[],
  offsetBytes?: number,
  severity: Severity = RULES[rule].severity,
): Finding {
  return { rule, severity, evidence: oneLine(evidence), members, ...(offsetBytes !== undefined && { offsetBytes }) };
}

const MOST_EVIDENCE = 500;

/** Foreign text in one line that a terminal shows as it is. */
function oneLine(text: string): string {
  const shown = text
    .slice(0, MOST_EVIDENCE)
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`);
  return text.length > MOST_EVIDENCE ? `${shown}…` : shown;
}
