import type { Lang } from './lang.js';

/**
 * Why a signature does not count, in Chinese: what people meet. `{}` stands for names and numbers. What is wrong with the inner form of a signature is for those who write such
 * programs, and stays as it is.
 */
export const SIGNATURE_REASONS_ZH: Readonly<Record<string, string>> = {
  'the signature is wrong': '签名有误',
  '{} has other bytes than were signed': '{} 的内容与签名时不同',
  '{} is there and was not signed': '{} 未被签名却存在',
  '{} was signed and is not there': '{} 已签名但不存在',
  '{} is listed without SHA-256 or SHA-512': '清单中的 {} 没有 SHA-256 或 SHA-512',
  '{} is not here to be compared': '{} 尚不在本地，无法比对',
  'it leaves files unsigned: {}': '有文件未被签名：{}',
  'signed by a key that the policy does not name': '签名所用密钥不在策略之中',
  'signed by no key that the policy names, or changed': '不是由策略中的密钥签名，或内容已被改动',
  'signed by a bare key': '仅由密钥签名，没有证书',
  'signed by a certificate, where a key is wanted': '由证书签名，而此处要求密钥',
  'signed keyless': '是无密钥签名',
  'not signed keyless': '不是无密钥签名',
  'not enough signers': '签名者不足',
  'no rule accepts a signature of this kind ({})': '没有规则接受这种签名（{}）',
  '{}: nobody says whether it is revoked ({})': '{}：无从得知是否已被吊销（{}）',
  '{}: no path to a root of the policy': '{}：没有通向策略中根证书的路径',
  '{} expired {}': '{} 已于 {} 过期',
  '{} is not valid before {}': '{} 在 {} 之前无效',
  '{}: revoked {}': '{}：已于 {} 吊销',
  '{}: nobody says whether it is revoked': '{}：无从得知是否已被吊销',
  'its responder does not know it': '其 OCSP 响应方不认识该证书',
  'its responder does not answer: {}': '其 OCSP 响应方没有应答：{}',
  'its responder {} takes too long': '其 OCSP 响应方 {} 应答过慢',
  'its responder {} is inside or leads elsewhere: name it as ocsp-responder':
    '其 OCSP 响应方 {} 位于内网或转向别处：请在策略中以 ocsp-responder 指明',
  'it names no responder': '证书中没有指明 OCSP 响应方',
  'nobody is asked while offline': '离线时不作查询',
  'the responder refused to answer ({})': 'OCSP 响应方拒绝应答（{}）',
  'the answer is to another question': '应答针对的是另一次查询',
  'the answer is out of date': '应答已过期',
  'the answer is of the future': '应答的时间在未来',
  'the answer does not say how long it holds': '应答没有说明有效期',
  'the answer is by nobody who may answer for {}': '应答者无权代表 {} 应答',
  'nobody says whether its responder is revoked': '无从得知其 OCSP 响应方的证书是否已被吊销',
  'an authority signs certificates, not models': '证书颁发机构只签发证书，不为模型签名',
  'the certificate is not for code signing': '该证书不用于代码签名',
  'the certificate is not an X.509-SVID': '该证书不是 X.509-SVID',
  'the SVID is not for signing': '该 SVID 不用于签名',
  'the SVID is not for servers and clients': '该 SVID 不用于服务器和客户端',
  'the SVID is an authority': '该 SVID 是证书颁发机构',
  'the signature is in no known log': '签名不在任何已知日志中',
  'nobody known says when it was signed': '没有可信方说明签名时间',
  'the identity was vouched for by {}': '身份由 {} 担保',
  'the signature is of another image': '该签名属于另一个镜像',
  'the signature expired {}': '签名已于 {} 过期',
  'a model without files': '模型中没有文件',
  'signed by {}': '由 {} 签名',
};

const FORMS = Object.entries(SIGNATURE_REASONS_ZH).map(([reason, text]) => {
  const parts = reason.split('{}').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return { form: new RegExp(`^${parts.join('(.+?)')}$`, 's'), text };
});

/** A reason as people read it. */
export function signatureReason(reason: string, lang: Lang): string {
  if (lang === 'en') return reason;
  for (const { form, text } of FORMS) {
    const values = form.exec(reason)?.slice(1);
    if (values !== undefined) return text.replaceAll('{}', () => signatureReason(values.shift() ?? '', lang));
  }
  return reason;
}
