import type { Lang } from '../../base/index.js';
import type { CauseCode } from '../../doctor/index.js';
import { pathCausesEn, pathCausesZh } from './causes-path.js';
import { MACHINE_CAUSES } from './causes-of-machine.js';

export interface CauseText {
  /** What is wrong, in one line. */
  readonly what: string;
  /** What was seen of it. */
  readonly seen: string;
  readonly remedy: string;
}

type Table = Readonly<Record<CauseCode, CauseText>>;

const en: Table = {
  ...pathCausesEn,
  NAME_UNKNOWN: {
    what: 'The name {host} is not found.',
    seen: 'The resolver of this machine said: {reason}',
    remedy: 'Check the spelling and the name server (resolvectl status); behind a proxy set HTTPS_PROXY.',
  },
  UNREACHABLE: {
    what: '{host} cannot be reached.',
    seen: 'No address of it took a connection: {reason}',
    remedy: 'A firewall or a missing proxy is likely: set HTTPS_PROXY, or use a mirror with --hf-endpoint.',
  },
  UNTRUSTED: {
    what: 'Nobody here vouches for the certificate of {host}.',
    seen: 'It was issued by “{issuer}”: {reason}',
    remedy: 'If that is your own network’s, give its CA file with --ca (or NODE_EXTRA_CA_CERTS).',
  },
  NOT_ALLOWED: {
    what: '{host} refuses us: status {status}.',
    seen: 'It answers, and does not let this caller in.',
    remedy: 'Set a token (HF_TOKEN, MODELSCOPE_API_TOKEN), and accept the conditions on the page of the model.',
  },
  BROKEN: {
    what: '{host} takes connections and then fails.',
    seen: '{reason}',
    remedy: 'Try again later or use another source: --source, --hf-endpoint.',
  },
  DISK_FULL: {
    what: 'The disk of {path} is too full.',
    seen: '{neededBytes} are needed and {freeBytes} are free.',
    remedy: 'See what can go with sluice gc, or put the store elsewhere with SLUICE_HOME.',
  },
  NOT_WRITABLE: {
    what: 'Nothing can be written to {path}.',
    seen: '{reason}',
    remedy: 'Give this user the folder, or put the store elsewhere with SLUICE_HOME.',
  },
  SLOW_NAMES: {
    what: 'Finding the address of {host} is slow.',
    seen: 'It took {tookMs}; a name server nearby takes less than 20 ms.',
    remedy: 'Use another name server, or a cache of names on this machine (systemd-resolved, dnsmasq).',
  },
  DEAD_ADDRESSES: {
    what: '{host} has addresses that do not answer from here.',
    seen: '{count} of them, first {address} ({family}): whoever tries it waits before trying the next one.',
    remedy:
      'If it is IPv6 that is broken here, mend or switch it off; sluice remembers dead addresses, other programs wait.',
  },
  DEAD_RESOLVER: {
    what: 'The name server {server} does not answer.',
    seen: 'It is asked first ({reason}); finding {host} took {tookMs} because of it.',
    remedy: 'Take it out of /etc/resolv.conf, or of your network settings.',
  },
  SMALL_WINDOW: {
    what: 'This machine lets too little be under way from {host}.',
    seen: 'Its window ends at {windowBytes}, which over {roundTripMs} is {onePerSecond} for one stream; {streams} bring {bestPerSecond}.',
    remedy: 'Let TCP have larger buffers (net.ipv4.tcp_rmem), or use several connections, as sluice pull does.',
  },
  LOSS: {
    what: 'Packets from {host} are lost.',
    seen: '{lostPercent} % by {way}[; it begins at hop {hop}, {at}][, between it and {before}]. One stream brings {onePerSecond}, {streams} bring {bestPerSecond}.',
    remedy: 'Look at the cable, the Wi-Fi, the VPN; meanwhile use several connections, as sluice pull does.',
  },
  FAR_AWAY: {
    what: '{host} is far away.',
    seen: 'A packet takes {roundTripMs} there and back.',
    remedy: 'Use a mirror nearby: sluice sources shows which; sluice --profile cn has those for China.',
  },
  SLOW_ANSWER: {
    what: '{host} thinks for long before it answers.',
    seen: 'The first byte came after {firstByteMs}.',
    remedy: 'A mirror or sluice serve near you keeps its answers.',
  },
  CONNECTION_CAP: {
    what: 'Each connection to {host} is held down.',
    seen: 'One brings {onePerSecond}, {streams} bring {bestPerSecond}.',
    remedy: 'Several connections help: sluice pull opens as many as bring something; other tools need to be told.',
  },
  SLOW_LINE: {
    what: 'The line to {host} is slow, however many connections it has.',
    seen: 'The most was {bestPerSecond}, with {streams} streams.',
    remedy: 'Take the files from several sources at once: --source; or from a mirror inside your network.',
  },
  RATE_LIMITED: {
    what: '{host} wants to be asked less.',
    seen: 'It answers 429[, to {streams} streams at once][; its window opens in {resetMs}].',
    remedy: 'A token raises the limit; sluice serve asks once for all of your machines.',
  },
  SLOW_DISK: {
    what: 'The disk of {path} is slow.',
    seen: 'It takes {writePerSecond}, written until it is safe.',
    remedy: 'Put the store on a local disk with SLUICE_HOME.',
  },
  SLOW_HASH: {
    what: 'This processor hashes slowly.',
    seen: 'One core proves {hashPerSecond} by SHA-256.',
    remedy: 'Nothing to mend: large files are proven in the pace of one core each.',
  },
  CLOCK_WRONG: {
    what: 'The clocks here and at {host} differ.',
    seen: 'By {differenceMs}. Signed addresses and certificates may be refused.',
    remedy: 'Let the machine keep its time: timedatectl set-ntp true.',
  },
  FEW_OPEN_FILES: {
    what: 'This process may open few files.',
    seen: '{count} at once.',
    remedy: 'Raise it: ulimit -n 65536, or LimitNOFILE= of its service.',
  },
  NO_HARD_LINKS: {
    what: 'The file system of {path} has no hard links.',
    seen: 'Files of views are copied or symlinked.',
    remedy: 'Put the store on a file system that has them, to need the space once.',
  },
  ...MACHINE_CAUSES.en,
};

const zh: Table = {
  ...pathCausesZh,
  NAME_UNKNOWN: {
    what: '找不到域名 {host}。',
    seen: '本机的解析器返回：{reason}',
    remedy: '检查拼写和 DNS 服务器（resolvectl status）；如需代理，请设置 HTTPS_PROXY。',
  },
  UNREACHABLE: {
    what: '无法连接到 {host}。',
    seen: '它的所有地址都不接受连接：{reason}',
    remedy: '可能是防火墙或缺少代理：设置 HTTPS_PROXY，或用 --hf-endpoint 使用镜像。',
  },
  UNTRUSTED: {
    what: '本机不信任 {host} 的证书。',
    seen: '签发者为“{issuer}”：{reason}',
    remedy: '如果这是你们自己网络的证书，请用 --ca（或 NODE_EXTRA_CA_CERTS）给出其 CA 文件。',
  },
  NOT_ALLOWED: {
    what: '{host} 拒绝访问：状态码 {status}。',
    seen: '它有应答，但不允许此调用者进入。',
    remedy: '设置令牌（HF_TOKEN、MODELSCOPE_API_TOKEN），并在模型页面上接受条款。',
  },
  BROKEN: {
    what: '{host} 接受连接后出错。',
    seen: '{reason}',
    remedy: '稍后重试，或使用其他来源：--source、--hf-endpoint。',
  },
  DISK_FULL: {
    what: '{path} 所在磁盘空间不足。',
    seen: '需要 {neededBytes}，可用 {freeBytes}。',
    remedy: '用 sluice gc 查看可释放的内容，或用 SLUICE_HOME 把存储放到别处。',
  },
  NOT_WRITABLE: {
    what: '无法写入 {path}。',
    seen: '{reason}',
    remedy: '给当前用户该目录的权限，或用 SLUICE_HOME 把存储放到别处。',
  },
  SLOW_NAMES: {
    what: '解析 {host} 的地址很慢。',
    seen: '用了 {tookMs}；附近的 DNS 服务器不到 20 ms。',
    remedy: '换一个 DNS 服务器，或在本机缓存域名（systemd-resolved、dnsmasq）。',
  },
  DEAD_ADDRESSES: {
    what: '{host} 有些地址从这里无应答。',
    seen: '共 {count} 个，首个是 {address}（{family}）：先尝试它的程序要等待后才换下一个。',
    remedy: '如果是 IPv6 有问题，请修复或关闭它；sluice 会记住无应答的地址，其他程序则会等待。',
  },
  DEAD_RESOLVER: {
    what: 'DNS 服务器 {server} 无应答。',
    seen: '它最先被询问（{reason}）；因此解析 {host} 用了 {tookMs}。',
    remedy: '从 /etc/resolv.conf 或网络设置中去掉它。',
  },
  SMALL_WINDOW: {
    what: '本机允许 {host} 在途的数据太少。',
    seen: '窗口上限为 {windowBytes}，往返 {roundTripMs} 时单条连接为 {onePerSecond}；{streams} 条为 {bestPerSecond}。',
    remedy: '增大 TCP 缓冲区（net.ipv4.tcp_rmem），或像 sluice pull 那样使用多条连接。',
  },
  LOSS: {
    what: '来自 {host} 的数据包有丢失。',
    seen: '{way} 测得 {lostPercent} %[，从第 {hop} 跳 {at} 开始][（在它与 {before} 之间）]。一条连接 {onePerSecond}，{streams} 条 {bestPerSecond}。',
    remedy: '检查网线、Wi-Fi、VPN；同时可像 sluice pull 那样使用多条连接。',
  },
  FAR_AWAY: {
    what: '{host} 距离很远。',
    seen: '数据包往返需 {roundTripMs}。',
    remedy: '使用附近的镜像：sluice sources 可列出；sluice --profile cn 内置国内镜像。',
  },
  SLOW_ANSWER: {
    what: '{host} 应答前等待很久。',
    seen: '首字节在 {firstByteMs} 后到达。',
    remedy: '附近的镜像或 sluice serve 会保留它的应答。',
  },
  CONNECTION_CAP: {
    what: '到 {host} 的每条连接都被限速。',
    seen: '一条连接 {onePerSecond}，{streams} 条连接 {bestPerSecond}。',
    remedy: '多条连接有帮助：sluice pull 会自动打开有用的连接数；其他工具需要手动设置。',
  },
  SLOW_LINE: {
    what: '到 {host} 的线路很慢，增加连接也无济于事。',
    seen: '最高 {bestPerSecond}，使用 {streams} 条连接。',
    remedy: '同时使用多个来源：--source；或使用内网镜像。',
  },
  RATE_LIMITED: {
    what: '{host} 要求减少请求。',
    seen: '它返回 429[（同时 {streams} 条连接时）][；限制窗口将在 {resetMs} 后打开]。',
    remedy: '使用令牌可提高限额；sluice serve 可代所有机器只请求一次。',
  },
  SLOW_DISK: {
    what: '{path} 所在磁盘很慢。',
    seen: '落盘写入速度为 {writePerSecond}。',
    remedy: '用 SLUICE_HOME 把存储放到本地磁盘。',
  },
  SLOW_HASH: {
    what: '此处理器计算哈希很慢。',
    seen: '单核 SHA-256 速度为 {hashPerSecond}。',
    remedy: '无需处理：每个大文件以单核速度校验。',
  },
  CLOCK_WRONG: {
    what: '本机与 {host} 的时钟不一致。',
    seen: '相差 {differenceMs}。签名地址和证书可能被拒绝。',
    remedy: '让本机自动校时：timedatectl set-ntp true。',
  },
  FEW_OPEN_FILES: {
    what: '此进程可打开的文件数很少。',
    seen: '同时最多 {count} 个。',
    remedy: '提高限制：ulimit -n 65536，或在服务中设置 LimitNOFILE=。',
  },
  NO_HARD_LINKS: {
    what: '{path} 的文件系统不支持硬链接。',
    seen: '视图中的文件将被复制或使用符号链接。',
    remedy: '把存储放到支持硬链接的文件系统上，可节省一份空间。',
  },
  ...MACHINE_CAUSES.zh,
};

export const CAUSE_TEXTS: Readonly<Record<Lang, Table>> = { en, zh };
