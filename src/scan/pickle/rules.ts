import type { Rule } from '../rules.js';

/** What is said of pickles. */
export const PICKLE_RULES = {
  'PKL-BROKEN': {
    severity: 'low',
    references: ['CWE-502'],
    en: 'A pickle that no reader ends, or not every one. What stands before the break has run by then.',
    zh: 'pickle 流损坏：并非所有读取器都能读完，而中断之前的内容已经执行。',
  },
  'PKL-NONCANONICAL': {
    severity: 'medium',
    references: ['CVE-2025-10155'],
    en: 'A pickle that readers take differently: what one of them sees says nothing of the other.',
    zh: '不同读取器对该 pickle 的理解不同：其一所见不能代表另一个。',
  },
  'PKL-IMPORT-DENY': {
    severity: 'critical',
    references: ['CWE-502', 'CVE-2025-1716', 'CVE-2025-10157'],
    en: 'Loading imports what is known to run programs, or to reach files or the network.',
    zh: '加载时会导入已知可执行程序或访问文件、网络的对象。',
  },
  'PKL-IMPORT-UNKNOWN': {
    severity: 'medium',
    references: ['CWE-502'],
    en: 'Loading imports what is on no list of harmless names. Importing alone runs code.',
    zh: '加载时会导入不在安全清单中的名称；仅导入即会执行代码。',
  },
  'PKL-CALL': {
    severity: 'medium',
    references: ['CVE-2025-32434', 'CVE-2026-24747'],
    en: 'Loading calls something with what no library writes there.',
    zh: '加载时以任何库都不会写出的参数进行调用。',
  },
  'PKL-OPCODE': {
    severity: 'medium',
    references: [],
    en: 'Opcodes that PyTorch’s own restricted reader refuses.',
    zh: '含有 PyTorch 受限读取器会拒绝的操作码。',
  },
  'PKL-BUILD-GLOBAL': {
    severity: 'critical',
    references: ['CWE-915'],
    en: 'Loading writes into a module, class or function that the whole program shares.',
    zh: '加载时会改写整个程序共享的模块、类或函数。',
  },
  'PKL-EXTENSION': {
    severity: 'critical',
    references: [],
    en: 'An import by a number of the reader’s own registry: nobody can say what it is.',
    zh: '通过读取器自身注册表编号导入，无法得知其内容。',
  },
  'PKL-PERSID': {
    severity: 'medium',
    references: [],
    en: 'A persistent id where no format says what it means.',
    zh: '持久化标识在此格式中没有定义含义。',
  },
  'PKL-EXPANSION': {
    severity: 'low',
    references: ['CWE-776'],
    en: 'A small pickle that may grow large in whoever copies what it shares.',
    zh: '体积小的 pickle，在复制其共享内容时可能急剧膨胀。',
  },
  'PKL-TRAILING': {
    severity: 'medium',
    references: [],
    en: 'Bytes behind the end of a pickle: readers do not look at them, other programs may.',
    zh: 'pickle 结束之后仍有字节：读取器不会查看，其他程序可能会。',
  },
} as const satisfies Readonly<Record<string, Rule>>;
