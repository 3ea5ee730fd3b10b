import type { Lang } from '../../base/index.js';

/** Codes of systems (errno(3), c-ares) and of OpenSSL as Node names them, with what they mean to somebody who does not know them. */
const REASONS: Readonly<Record<string, Readonly<Record<Lang, string>>>> = {
  EACCES: { en: 'this user may not', zh: '当前用户没有权限' },
  EPERM: { en: 'the system does not allow it', zh: '系统不允许此操作' },
  EROFS: { en: 'the file system is read-only', zh: '文件系统为只读' },
  ENOSPC: { en: 'the disk is full', zh: '磁盘已满' },
  EDQUOT: { en: 'the quota is used up', zh: '配额已用完' },
  EIO: { en: 'the disk fails to read or write', zh: '磁盘读写出错' },
  EMFILE: { en: 'too many open files', zh: '打开的文件过多' },
  ENOENT: { en: 'it is not there', zh: '不存在' },
  ENOTDIR: { en: 'something on the way is no folder', zh: '路径中有一段不是目录' },
  ENOTFOUND: { en: 'no name server knows the name', zh: 'DNS 服务器不认识这个域名' },
  ENODATA: { en: 'the name has no address', zh: '该域名没有地址' },
  EAI_AGAIN: { en: 'the name server does not answer at present', zh: 'DNS 服务器暂时没有应答' },
  ESERVFAIL: { en: 'the name server could not find out', zh: 'DNS 服务器未能查到' },
  EREFUSED: { en: 'the name server refuses to say', zh: 'DNS 服务器拒绝回答' },
  ETIMEOUT: { en: 'no answer in time', zh: '没有及时应答' },
  ETIMEDOUT: { en: 'no answer in time', zh: '没有及时应答' },
  ECONNREFUSED: { en: 'nothing listens there', zh: '对方没有程序在监听' },
  ECONNRESET: { en: 'the other end broke the connection', zh: '对方中断了连接' },
  EPIPE: { en: 'the other end is gone', zh: '对方已断开' },
  EHOSTUNREACH: { en: 'there is no way to the host', zh: '没有到达该主机的路径' },
  ENETUNREACH: { en: 'there is no way to its network', zh: '没有到达该网络的路径' },
  CERT_HAS_EXPIRED: { en: 'the certificate has expired', zh: '证书已过期' },
  CERT_NOT_YET_VALID: { en: 'the certificate is not valid yet', zh: '证书尚未生效' },
  DEPTH_ZERO_SELF_SIGNED_CERT: { en: 'it vouches for itself', zh: '自签名证书' },
  SELF_SIGNED_CERT_IN_CHAIN: { en: 'its CA is not known here', zh: '其 CA 不受本机信任' },
  UNABLE_TO_GET_ISSUER_CERT: { en: 'its CA is not known here', zh: '其 CA 不受本机信任' },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { en: 'its CA is not known here', zh: '其 CA 不受本机信任' },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { en: 'its CA is not known here', zh: '其 CA 不受本机信任' },
  ERR_TLS_CERT_ALTNAME_INVALID: { en: 'the certificate is for other names', zh: '证书属于其他域名' },
};

/** Undefined for a code that says nothing more than its message does. */
export function systemReason(lang: Lang, code: string): string | undefined {
  return Object.hasOwn(REASONS, code) ? REASONS[code]?.[lang] : undefined;
}
