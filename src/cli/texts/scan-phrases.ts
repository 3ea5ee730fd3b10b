import { PICKLE_FORMS, PICKLE_SENTENCES } from './scan-phrases-pickle.js';

type Forms = readonly (readonly [RegExp, string])[];

/** What findings say of files, as whole sentences. Names, numbers and places around them are data and stay. */
export const SENTENCES: Readonly<Record<string, string>> = {
  ...PICKLE_SENTENCES,
  // Archives
  'no end of an archive at the end of the file': '文件末尾没有归档结尾',
  'two ends of an archive': '归档有两个结尾',
  'the two ends of zip64 do not agree': '两个 zip64 结尾不一致',
  'no end of zip64 where it is said to be': '所指位置没有 zip64 结尾',
  'the end of zip64 is not where it belongs': 'zip64 结尾位置不对',
  'an archive in several parts': '分卷归档',
  'an entry beyond the directory': '目录项超出目录范围',
  'no local header where the directory says': '目录所指位置没有本地文件头',
  'a local header beyond the members': '本地文件头超出成员范围',
  'an extra field beyond its header': '扩展字段超出文件头',
  'a size without its zip64': '缺少 zip64 所应给出的大小',
  'sizes of zip64 that are there twice': 'zip64 大小重复出现',
  'zip64 says more than what does not fit': 'zip64 给出了多余的内容',
  'does not unpack to what its sizes say': '解压结果与标明的大小不符',
  'other bytes than its CRC-32 says; some readers do not look': '内容与 CRC-32 不符；部分读取器不检查',
  'other bytes than its checksum says': '内容与校验和不符',
  'no descriptor behind its bytes that says the same': '数据之后没有一致的描述符',
  'said to be encrypted': '标为已加密',
  'said to be a patch of another file': '标为另一文件的补丁',
  'a link or device': '链接或设备文件',
  'a folder with bytes': '目录却带有数据',
  'a name that is there twice': '名称重复出现',
  'a name that readers read differently': '不同读取器对名称的理解不同',
  'lies in another member': '与另一成员重叠',
  'an absolute path': '绝对路径',
  'a path that climbs': '路径越出上级目录',
  'no name': '没有名称',
  'it ends as a zip archive does': '末尾与 zip 归档相同',
  'it breaks off': '中途中断',
  'half an end': '结尾不完整',
  'something behind the end': '结尾之后另有内容',
  'a header of gzip with more than a name': 'gzip 文件头除名称外另有内容',
  'more than 200 times as long unpacked': '解压后超过 200 倍',
  'packed bytes that are read back and forth': '压缩数据被反复前后读取',
  // Checkpoints, tensors
  'no checkpoint of PyTorch': '不是 PyTorch 检查点',
  'a pickle with something behind it': 'pickle 之后另有内容',
  'TorchScript, which is a program': 'TorchScript 是程序',
  'a program that torch.export wrote': '由 torch.export 写出的程序',
  'pickle, storages and tensors in a tar': 'tar 中的 pickle、存储与张量',
  'a persistent id that is no storage': '持久化 id 不是存储',
  'no word of the system it was written on': '没有写出它的系统信息',
  'no list of keys': '没有键列表',
  'objects that are no pickle': '对象不是 pickle',
  'shorter than its own length': '短于自身标明的长度',
  'a header that does not begin with {': '文件头不以 { 开头',
  'a header that is no object': '文件头不是对象',
  'metadata that is no object': '元数据不是对象',
  'metadata that is no string': '元数据不是字符串',
  'a shape of other bytes than it has': '形状与数据长度不符',
  'a shape that is none': '不是有效的形状',
  'a type that is not known': '未知的类型',
  'a row that ends within a block': '一行在量化块中间结束',
  'a place that is not aligned': '位置未对齐',
  'an alignment that is no power of two': '对齐不是 2 的幂',
  'no GGUF': '不是 GGUF',
  'no magic': '没有文件标识',
  'no header': '没有文件头',
  // Configurations, models of other frameworks
  'not UTF-8': '不是 UTF-8',
  'code of another repository': '另一仓库中的代码',
  'a pipeline in code': '以代码写成的流水线',
  'the configuration grants itself what only a user may': '配置自行授予了只有用户才能授予的权限',
  'a file that some loaders run without asking': '个别加载器会不经询问就运行的文件',
  'a module that is imported by this name': '会按此名称导入的模块',
  'a path to Python code': '指向 Python 代码的路径',
  'a kernel from a repository': '来自仓库的内核',
  'not built in': '不是内置的',
  'a part of the pipeline from a module that is no known package': '流水线的一部分来自未知软件包的模块',
  'a module that is no part of sentence-transformers': '不属于 sentence-transformers 的模块',
  'not a class of a known framework': '不是已知框架的类',
  'an expression that is evaluated': '会被求值的表达式',
  'a loader that is not MLflow’s own': '不是 MLflow 自带的加载器',
  'builds a Python object': '会构造 Python 对象',
  'not a tag of YAML itself': '不是 YAML 自身的标签',
  'imports and calls what it names': '会导入并调用所指对象',
  'runs code of the file': '会执行文件中的代码',
  'not a class of Keras': '不是 Keras 的类',
  'not a function of Keras': '不是 Keras 的函数',
  'not on the list of those that only compute': '不在纯计算清单中',
  'a function of a module that is imported': '会被导入的模块中的函数',
  'a class that the user’s program must have': '须由用户程序提供的类',
  'reaches outside of the computation': '触及计算之外',
  'not known as one that only computes': '不确定是否只做计算',
  'a file outside of the model': '模型之外的文件',
  'operators that are programs': '本身即程序的算子',
  'needs a library of its own': '需要专门的库',
  'runs Python': '会运行 Python',
  'only location, offset, length, checksum and basepath exist':
    '只存在 location、offset、length、checksum 与 basepath 这些键',
  'no place at all': '没有位置',
  'a path that goes up': '路径指向上级目录',
  'a URL': 'URL',
  'a path of a home folder': '主目录中的路径',
  'signs that no path has': '路径中不会出现的字符',
  'makes a reader open files or the network, or grow': '会使读取器打开文件、访问网络或无限增长',
  'a declaration that models have not': '模型中不会有的声明',
  'a native library that is loaded beside the model': '随模型加载的本地库',
  'a class of the program that loads the model': '由加载模型的程序提供的类',
  'another model, looked for where it says': '另一模型，按其所指位置查找',
  'weights outside of the package': '包之外的权重',
  'operations of no set that OpenVINO brings along': '不属于 OpenVINO 自带算子集的操作',
  'nothing that is known to hold values alone': '并非已知只存放数值的类型',
  'it cannot be parsed, and has names that lead to the interpreter': '无法解析，且含有通向解释器的名称',
  'more imports, calls, programs or hooks than are kept': '导入、调用、程序或钩子超出保留数量',
  'something else': '其他内容',
};

/** Sentences with values in them; what a group holds is asked about again. */
const FORMS: Forms = [
  ...PICKLE_FORMS,
  [
    /^(\d+) of (\d+) bytes belong to nothing that is known, first at (\d+)$/,
    '共 $2 字节，其中 $1 字节不属于任何已知结构，首处位于 $3',
  ],
  [/^not ([\w-]+): (.+)$/s, '不是有效的 $1：$2'],
  [/^a header of (\d+) bytes in a file of (\d+)$/, '文件共 $2 字节，文件头却标明 $1 字节'],
  [/^(.+) begins at (\d+), not at (\d+)$/s, '$1 起始于 $2，而不是 $3'],
  [/^tensors end at (\d+), the file at (\d+)$/, '张量结束于 $1，文件结束于 $2'],
  [/^(\d+) characters of metadata$/, '元数据长 $1 个字符'],
  [/^(.+) ends beyond the file$/s, '$1 超出文件末尾'],
  [/^(.+) lies in another tensor$/s, '$1 与另一张量重叠'],
  [/^(\d+) bytes wanted at (\d+)$/, '位于 $2 处需要 $1 字节'],
  [/^(\d+) bytes for (\d+) elements of (\S+)$/, '$2 个 $3 元素却有 $1 字节'],
  [/^(\d+) bytes for a shape of (\d+)$/, '形状需要 $2 字节，却有 $1 字节'],
  [/^storage (.+) is not there$/s, '缺少存储 $1'],
  [/^(\d+) records of a program$/, '$1 条程序记录'],
  [/^(.+) lies outside of (.+)$/s, '$1 位于 $2 之外'],
  [/^(\d+) bytes behind (?:its|the last) pickle$/, 'pickle 之后另有 $1 字节'],
  [/^(\d+) bytes behind (?:the|its) end$/, '结尾之后另有 $1 字节'],
  [/^(\d+) bytes behind the last storage$/, '最后一个存储之后另有 $1 字节'],
  [/^(\d+) bytes that no member owns$/, '有 $1 字节不属于任何成员'],
  [/^stored, with (\d+) bytes for (\d+)$/, '未压缩存储，却以 $1 字节存放 $2 字节'],
  [/^packed by method (\d+)$/, '以方法 $1 压缩'],
  [/^packed as (.+)$/, '以 $1 压缩'],
  [/^more than 200 times as long unpacked as its (\d+) bytes$/, '解压后超过其 $1 字节的 200 倍'],
  [/^more than (\d+) containers around it$/, '外层容器超过 $1 层'],
  [/^more than (\d+) members(?: of gzip)?$/, '成员超过 $1 个'],
  [/^more than (\d+) pickles$/, 'pickle 超过 $1 个'],
  [/^(JSON|YAML|XML) of (\d+) bytes$/, '$1 长达 $2 字节'],
  [/^a template of (\d+) bytes$/, '模板长达 $1 字节'],
  [/^template: (.+)$/s, '模板：$1'],
  [/^it cannot be parsed: (.+)$/s, '无法解析：$1'],
  [/^the (?:statement|filter) (\w+)$/, '语句或过滤器 $1'],
  [/^the attribute (\w+)$/, '属性 $1'],
  [/^the name (\w+)$/, '名称 $1'],
  [/^the text (.+)$/s, '文本 $1'],
  [/^text of (\d+) characters of its own$/, '自带 $1 个字符的文本'],
  [/^it looks for (".*") in messages$/s, '在消息中查找 $1'],
  [/^(.+) stands there twice and says two things$/s, '$1 出现两次且内容不同'],
  [/^(.+) is there twice$/s, '$1 出现两次'],
  [/^(.+) is a path file of Python that imports$/s, '$1 是会执行导入的 Python 路径文件'],
  [/^external data with (.+)$/s, '外部数据有问题：$1'],
  [/^line (\d+): (.+)$/s, '第 $1 行：$2'],
  [/^blob (\d+) of (\d+) is not there$/, '共 $2 个数据块，缺少第 $1 个'],
  [/^the blob described at (\d+) does not lie behind it$/, '位于 $1 处描述的数据块并不紧随其后'],
  [/^padding at (\d+) that is not zero$/, '位于 $1 处的填充不为零'],
  [/^more than (\d+) blobs$/, '数据块超过 $1 个'],
  [/^(\d+) bytes, more than (\d+)$/, '$1 字节，超过 $2'],
];

const MISMATCH = /^named as (.+), with bytes of (.+)$/s;
const MOST_COLONS = 4;

/** What a finding says, in Chinese; undefined where nothing of it is known. */
export function scanPhrase(text: string): string | undefined {
  return sentence(text) ?? behindName(text);
}

function sentence(text: string): string | undefined {
  if (Object.hasOwn(SENTENCES, text)) return SENTENCES[text];
  const [, named, found] = MISMATCH.exec(text) ?? [];
  if (named !== undefined && found !== undefined)
    return `按名称应为 ${named.replaceAll(' or ', ' 或 ')}，内容却是${SENTENCES[found] ?? ` ${found.replaceAll(' and ', ' 和 ')}`}`;
  for (const [pattern, chinese] of FORMS) {
    const groups = pattern.exec(text);
    if (groups === null) continue;
    return chinese.replace(/\$(\d)/g, (_, group: string) => {
      const value = groups[Number(group)] ?? '';
      return scanPhrase(value) ?? value;
    });
  }
  return undefined;
}

/** `name: sentence`, where the name may have colons of its own. */
function behindName(text: string): string | undefined {
  let at = text.indexOf(': ');
  for (let count = 0; at !== -1 && count < MOST_COLONS; count += 1) {
    const told = sentence(text.slice(at + 2));
    if (told !== undefined) return `${text.slice(0, at)}：${told}`;
    at = text.indexOf(': ', at + 1);
  }
  return undefined;
}
