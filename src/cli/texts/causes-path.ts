import type { CauseText } from './causes.js';

/** What lies between: proxies, middleboxes, mirrors. */
export const pathCausesEn = {
  PROXY_FAILS: {
    what: 'The proxy {proxy} does not let us through to {host}.',
    seen: '{reason}',
    remedy:
      'Correct HTTPS_PROXY (address, user name, password), or name the host in NO_PROXY if it is reached without.',
  },
  WRONG_BYTES: {
    what: '{host} sends wrong bytes.',
    seen: '{path} came whole, and is not what its digest says.',
    remedy:
      'Do not use this source: choose another with --hf-endpoint or --source. sluice pull keeps nothing that is not proven.',
  },
  CUT_BY_SIZE: {
    what: 'Something cuts transfers from {host} after {afterBytes}.',
    seen: '{count} streams broke at the same size: {reason}',
    remedy:
      'A filter or proxy in between limits the size of a download: sluice pull finds out and asks for less at a time (or say so: --request-bytes {requestSize}); better, let your network exempt the host.',
  },
  CUT_BY_TIME: {
    what: 'Something cuts transfers from {host} after {afterMs}.',
    seen: '{count} streams broke after the same time: {reason}',
    remedy:
      'A firewall or proxy in between ends long connections: sluice pull finds out and asks for less at a time (or say so: --request-bytes {requestSize}); better, let your network exempt the host.',
  },
  LEAKS: {
    what: '{host} leads elsewhere for its bytes.',
    seen: 'It sends its clients to {target}, which it should stand for.',
    remedy:
      'Where {target} is slow or closed this mirror does not help: sluice sources shows which serve the bytes themselves.',
  },
  SERVES_NO_RANGES: {
    what: '{host} serves whole files only.',
    seen: 'Asked for a part it sends everything: nothing can be resumed, or fetched by several connections.',
    remedy: 'Use another source with --source or --hf-endpoint, or get past the proxy that strips ranges.',
  },
  BREAKS: {
    what: 'Transfers from {host} break.',
    seen: '{count} of {streams} streams did not come to their end: {reason}',
    remedy: 'sluice pull goes on where they broke; a mirror or a wired network may be steadier.',
  },
  INTERCEPTED: {
    what: 'A private CA vouches for {host}: “{authority}”.',
    seen: 'It is trusted on this machine and in no public list. Unless {host} is a server of your own, somebody on the way reads along.',
    remedy:
      'If that is your network’s inspection, other tools need its CA too (SSL_CERT_FILE, REQUESTS_CA_BUNDLE); if you know of none, send no token.',
  },
} as const satisfies Readonly<Record<string, CauseText>>;

export const pathCausesZh = {
  PROXY_FAILS: {
    what: '代理 {proxy} 不让我们连接到 {host}。',
    seen: '{reason}',
    remedy: '检查 HTTPS_PROXY（地址、用户名、密码）；如果该主机可直连，请写入 NO_PROXY。',
  },
  WRONG_BYTES: {
    what: '{host} 发来的数据是错的。',
    seen: '{path} 已完整收到，但与其摘要不符。',
    remedy: '不要使用此来源：用 --hf-endpoint 或 --source 换一个。sluice pull 不会保留未经校验的内容。',
  },
  CUT_BY_SIZE: {
    what: '来自 {host} 的传输在 {afterBytes} 后被切断。',
    seen: '{count} 条连接在同样的大小处中断：{reason}',
    remedy:
      '中间的过滤器或代理限制了下载大小：sluice pull 会自行发现并每次少取一些（也可指定：--request-bytes {requestSize}）；最好让网络放行该主机。',
  },
  CUT_BY_TIME: {
    what: '来自 {host} 的传输在 {afterMs} 后被切断。',
    seen: '{count} 条连接在同样的时间后中断：{reason}',
    remedy:
      '中间的防火墙或代理会结束长连接：sluice pull 会自行发现并每次少取一些（也可指定：--request-bytes {requestSize}）；最好让网络放行该主机。',
  },
  LEAKS: {
    what: '{host} 的数据实际来自别处。',
    seen: '它把客户端引到 {target}，而它本应代替该主机。',
    remedy: '如果 {target} 很慢或无法访问，这个镜像没有帮助：sluice sources 可列出自己提供数据的来源。',
  },
  SERVES_NO_RANGES: {
    what: '{host} 只提供完整文件。',
    seen: '请求一部分时它发送全部：无法续传，也无法用多条连接下载。',
    remedy: '用 --source 或 --hf-endpoint 换一个来源，或绕过去掉范围请求的代理。',
  },
  BREAKS: {
    what: '来自 {host} 的传输会中断。',
    seen: '{streams} 条连接中有 {count} 条未能完成：{reason}',
    remedy: 'sluice pull 会从中断处继续；镜像或有线网络可能更稳定。',
  },
  INTERCEPTED: {
    what: '{host} 由私有 CA 担保：“{authority}”。',
    seen: '本机信任它，但它不在任何公共列表中。除非 {host} 是你们自己的服务器，否则途中有人可以读取内容。',
    remedy:
      '如果这是你们网络的检查设备，其他工具也需要它的 CA（SSL_CERT_FILE、REQUESTS_CA_BUNDLE）；如果不知情，请不要发送令牌。',
  },
} as const satisfies Readonly<Record<string, CauseText>>;
