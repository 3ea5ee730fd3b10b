import type { Lang } from '../../base/index.js';

interface DemoTexts {
  readonly opening: string;
  readonly mirrors: string;
  readonly proving: string;
  readonly closing: readonly string[];
}

export const demoTexts: Readonly<Record<Lang, DemoTexts>> = {
  en: {
    opening: 'A made-up model of {size} in {files} files, on two simulated mirrors, all on this machine.',
    mirrors: '{one} is fast and will die half-way; {two} is far away, breaks connections and says 503.',
    proving: 'Reading everything again, apart from the engine, and comparing it with what was published …',
    closing: [
      '{same} of {files} files are byte for byte what was published ({ms}, {rate}/s over the bad network).',
      'A second pull took {requests} request and moved nothing. Credentials that reached another host: {leaks}.',
      'Now a real one:  npm start -- pull hf:org/name   (sluice --help shows the rest)',
    ],
  },
  zh: {
    opening: '一个虚构的模型，共 {size}、{files} 个文件，放在本机的两个模拟镜像上。',
    mirrors: '{one} 很快，但会在中途死掉；{two} 很远，会断开连接并返回 503。',
    proving: '绕开引擎重新读取全部内容，与发布的内容逐一比对 …',
    closing: [
      '{files} 个文件中有 {same} 个与发布内容逐字节一致（{ms}，在糟糕的网络上平均 {rate}/s）。',
      '第二次拉取只用了 {requests} 个请求，没有传输任何内容。泄漏到其他主机的凭据：{leaks}。',
      '现在试试真的：npm start -- pull hf:组织/名称   （更多用法见 sluice --help）',
    ],
  },
};
