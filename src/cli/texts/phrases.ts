import { signatureReason, type Lang } from '../../base/index.js';
import { scanPhrase } from './scan-phrases.js';

/**
 * Words of errors and decisions that come from below as English, because they are data as well (`--json`, records, logs): here is what they are in Chinese. What is in
 * no line stands as it is.
 */
const PHRASES_ZH: readonly (readonly [RegExp, string])[] = [
  [/^critical: (.*)$/s, '严重：$1'],
  [/^high: (.*)$/s, '高危：$1'],
  [/^medium: (.*)$/s, '中等：$1'],
  [/^low: (.*)$/s, '较低：$1'],
  [/^below critical$/, '严重以下'],
  [/^below high$/, '高危以下'],
  [/^below medium$/, '中等以下'],
  [/^below low$/, '较低以下'],
  [/^nothing of (?:critical|high|medium|low)$/, '没有此类发现'],
  [/^no finding refuses$/, '不因发现而拒绝'],
  [/^(.+): (\S+) runs programs or code$/s, '$1：$2 可执行程序或代码'],
  [/^(.+): runs code, or loads what does$/s, '$1：会执行代码，或加载会执行代码的内容'],
  [/^(.+): (\S+) reaches files or the network$/s, '$1：$2 可访问文件或网络'],
  [/^(.+): reaches for (\S+)$/s, '$1：触及 $2'],
  [/^(.+): goes through (\S+)$/s, '$1：途经 $2'],
  [/^(.+): code of this repository$/s, '$1：本仓库中的代码'],
  [/^CLEAN$/, '干净'],
  [/^REVIEW$/, '需人工查看'],
  [/^NOT_SCANNED$/, '未扫描'],
  [/^ERROR$/, '损坏'],
  [/^pass$/, '通过'],
  [/^(\d+) more$/, '另有 $1 项'],
  [/^none$/, '无'],
  [/^unknown$/, '未知'],
  [/^any$/, '任意'],
  [/^any that is trusted$/, '任何受信任的签名'],
  [/^the same$/, '一致'],
  [/^signed, but not every file$/, '已签名，但未覆盖全部文件'],
  [/^the bytes that were signed$/, '与签名时相同的字节'],
  [/^a signature of other bytes$/, '签名属于其他内容'],
  [/^signed by (.+)$/, '由 $1 签名'],
  [/^nothing is known of it$/, '对其一无所知'],
  [/^its record cannot be read$/, '其记录无法读取'],
  [/^(.+), first seen here (\S+Z)$/, '$1，本机首次见到于 $2'],
  [/^(.+), so not before (\S+Z)$/, '$1，即不早于 $2'],
  [/^there is a file of that name$/, '已有同名文件'],
  [/^there is one already$/, '已经有一个'],
  [/^there is no such file$/, '没有这个文件'],
  [/^there is no key of that name$/, '没有这个名称的密钥'],
  [/^There is no (.+)\.$/, '没有 $1。'],
  [/^it is sealed for (.+)$/, '它是为 $1 加封的'],
  [/^it ends within its header$/, '在文件头内就结束了'],
  [/^it is longer or shorter than it was$/, '长度与加封时不同'],
  [/^it does not begin as a sealed file$/, '开头不是加封文件'],
  [/^chunk (\d+) of (\d+) is not what was sealed there$/, '第 $1 块（共 $2 块）与加封时不同'],
  [/^what it holds does not have the SHA-256 that its header tells$/, '内容的 SHA-256 与文件头所述不符'],
  [/^"(.+)" is no key: (.+)\.$/, '“$1” 不是密钥：$2。'],
  [/^no end of an archive at the end of the file$/, '文件末尾没有归档结尾'],
  [/^it was written to$/, '它被写入过'],
];

/** A phrase from below in the language of the reader. */
export function phraseText(lang: Lang, text: string): string {
  if (lang === 'en') return text;
  for (const [pattern, chinese] of PHRASES_ZH) {
    const found = pattern.exec(text);
    if (found !== null)
      return chinese.replace(/\$(\d)/g, (_, group: string) => phraseText(lang, found[Number(group)] ?? ''));
  }
  return scanPhrase(text) ?? signatureReason(text, lang);
}
