import type { SettingName } from '../config/table.js';

/** 每项设置的用途。 */
export const settingsZh: Record<SettingName, string> = {
  home: '本地仓的根目录：内容块、未完成的下载和记录。',
  profile: '一组具名设置：内置的，或 sluice.toml 中的 [profiles.名称]。',
  lang: '提示信息的语言。',
  hfEndpoints: 'Hugging Face 端点；先问第一个，其余是相同提交的镜像。可带路径前缀。',
  hfXet: 'Hugging Face 的大文件除普通范围请求外，是否也按其存储的分块（Xet）获取：auto、only（只用分块）或 off。',
  hfToken:
    'Hugging Face 令牌；只发送给 hf.endpoints。设置 HF_HUB_DISABLE_IMPLICIT_TOKEN 后，HF_TOKEN 和文件中的令牌不会发送。',
  hfCache: '视图 hf 所在的 Hugging Face 缓存。',
  msEndpoints: 'ModelScope 端点；先问第一个。',
  msToken: 'ModelScope 令牌；只发送给 ms.endpoints。',
  msCache: '视图 modelscope 所在的 ModelScope 缓存。',
  msLegacyCache: '视图 modelscope-legacy（1.37 及更早的客户端）所在的 ModelScope 缓存。',
  alsoHubs:
    '是否向其他站点查询同样的文件，以便同时从各处获取（按 SHA-256 和大小匹配）。auto：仅限其站点声明为公开的仓库；您没有指定过的站点，只会被问到知名公共站点上的内容。always：私有和需申请的仓库也查询，对方站点会看到其名称。off：从不。用 --source 给出的位置总会使用。',
  hubMap:
    '在别处另有名称的仓库：hf:org/name=ms:other/name；hf:org/*=ms:other/* 表示整个组织；普通文件目录写其以斜杠结尾的 URL。',
  ollamaModels: 'Ollama 存放模型的位置：它已有的内容不再重复下载。',
  view: '未另行指定时文件以何种布局出现。默认是该站点的加载器查找的布局。',
  links: '视图共享仓库内容的方式，按此顺序尝试。',
  admissionPolicy:
    '收到的内容须满足何种条件才可见：default（内置）、off，或一个策略文件（docs/POLICY.md）。被拒绝的内容，`sluice pull` 不展示，`sluice serve` 不应答。',
  offline: '不使用网络，只用本地仓中已有的内容。',
  limit:
    '每秒最多字节数（20MB/s、100Mbit/s；none 表示不限），也可按本地时间的星期和时段设定：Mon-Fri 08:00-18:00 20MB/s, none。以第一个符合的条目为准；都不符合时不限。本机上使用同一本地仓的所有拉取共享此上限。',
  memoryBytes: '传输中的内容最多占用的内存字节数。auto 为 64 MiB，容器或本机内存较少时更少。',
  connections:
    '传输内容的最多连接数（同时使用的总数，以及对每台主机打开的数量；向站点查询信息的连接不计在内）；`auto` 表示按效果自动增减。',
  requestBytes:
    '每个请求最多索取文件的多少字节，用于应对途中会切断大传输或长连接的设备。`auto` 在连接反复被切断后自行判断。',
  noProgressMs: '文件在这么长时间内没有任何进展时放弃。',
  proxy:
    '访问 https:// 地址的代理：http://、https://、socks5://（本机解析域名）、socks5h://（代理解析域名），需要时带 user:password@；或 ssh://[user@]host[:port]，即用本机 ssh 密钥登录的跳板机。',
  httpProxy: '访问 http:// 地址的代理，种类同上。',
  noProxy: '不经代理访问的主机，以逗号分隔。',
  caFiles:
    '除常用根证书外还信任的证书（PEM）。会读取各变量指定的所有文件，不存在的会跳过。若都不认识签发机构，则再查系统证书库和 SSL_CERT_DIR。',
  color: '终端颜色。',
  progress: '实时进度或逐行输出；auto 在终端上且非 CI 时为实时。',
  servePort: '`sluice serve` 监听的端口；0 表示由系统选一个空闲端口。',
  serveListen: '`sluice serve` 监听的地址；0.0.0.0 或 :: 表示所有地址。',
  servePublicUrl:
    '客户端访问本服务所用的地址（可带路径前缀）：应答里的链接都以它开头。不设置时，以请求中的主机名开头。',
  serveTrustedProxies:
    '可信反向代理的地址或网段：只有它们的 X-Forwarded-For、-Proto、-Host、-Prefix 会被采信，其他来源的一律忽略。',
  serveFaces: '对外提供的协议。',
  serveUpstreams:
    '`sluice serve` 的上游，按询问顺序排列，每个一张表：name、kind（hf、ms、files）、url、token 或 token-file、allow 与 deny（仓库名模式）、timeout、max-fails、fail-timeout、not-found（next、stop）和 caller-tokens（见 OPERATIONS.md）。写了某一类上游，就不再使用该站点的默认端点。',
  serveRegistries:
    '所镜像的镜像与模型仓库，按客户端所用的名称列出，在常用的之外追加；`名称=` 表示去掉一个。其他仓库一律不访问。',
  serveSites: '在 /-/NAME/ 下镜像的其他站点，写成 NAME=KIND:URL；KIND 为 pypi、npm、debian 或 files。',
  serveMaxBytes: '镜像最多保留多少内容；最久未被请求的先让出空间。',
  serveMinFreeBytes: '镜像在磁盘上至少留出的空闲空间。',
  serveSmallFilesBytes: '用于缓存本地已有小文件（不超过 1 MiB）的内存，避免每个请求都重新读取。',
  servePins: '不会为腾出空间而删除的仓库：hf:acme/*、ms:acme/model。',
  serveAnonymous: '没有本服务的令牌或密码时能否读取。auto：仅当监听回环地址时可以。',
  serveUsers: '基本认证的用户文件，每行一个 `用户名:哈希`（由 `sluice token hash` 生成）。',
  serveTlsCert: '提供 https:// 服务的证书链（PEM）；文件变化后自动重新读取。',
  serveTlsKey: 'serve.tls-cert 的私钥（PEM）。',
  serveGraceMs: '收到停止信号后，进行中的应答最多还有多长时间完成。',
  serveHeadTimeoutMs: '客户端发送请求头最多可用的时间；超时则回以 408。',
  serveBodyTimeoutMs: '请求头之后，客户端发送请求体最多可用的时间；超时则回以 408。',
  serveReaderTimeoutMs: '客户端最多可以多久不读取应答的任何字节；超时则关闭其连接。',
  serveConnections: '所有客户端同时的连接数上限。',
  serveClientConnections: '单个客户端地址同时的连接数上限。',
  serveRequests: '同时处理的请求数上限。',
  serveClientRequests: '单个客户端地址同时处理的请求数上限。',
  serveClientRate: '单个客户端地址每分钟的请求数上限；none 表示不限。',
  serveCarriers: '主进程之外，专门发送本地已有文件的进程数：auto 为处理器数减一，最多 8 个；0 表示不用。',
  serveAccessLog:
    '每个请求在标准错误输出一行：text 供人阅读，json 供程序读取，off 关闭。auto 在终端上为 text。使用 --json 时，请求作为事件写到标准输出。',
  serveFreshMs: '`sluice serve` 在再次询问站点之前，多长时间内相信分支或标签的含义。',
  serveXet:
    '`sluice serve` 如何应答使用 Xet 的客户端。terminate：自己充当其内容服务，客户端可并行获取，超过 50 GB 的文件也能用。strip：任何应答都不提 Xet，客户端使用普通 HTTP。',
  serveXetNodes:
    '公开内容可分散到的各服务器的公开 URL；它们需使用相同的 serve.xet-key。不设置时客户端只访问它所请求的服务器。',
  serveXetKey: '为 Xet 客户端的地址和令牌签名所用的密钥；至少 32 个字符，所有节点相同。',
  serveSharedToken:
    '设置中的令牌是否代表 `sluice serve` 的所有客户端：此时它能打开的一切，包括需申请的和私有的仓库，客户端都能得到。否则它只用于公开内容，其余内容需要客户端自己的令牌。',
};
