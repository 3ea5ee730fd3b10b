import type { ErrorCode } from '../errors.js';
import type { ErrorText } from './index.js';

export const errorsZh: Record<ErrorCode, ErrorText> = {
  INTERNAL: { what: 'Sluice 内部出错[：{reason}]。', remedy: '这是我们的问题，请连同所用命令一起反馈。' },

  USAGE: { what: '{reason}', remedy: '请运行 `sluice --help` 或 `sluice <命令> --help`。' },
  BAD_REF: {
    what: '“{ref}”不是有效的引用[：{reason}]。',
    remedy: '请写成 hf:组织/名称、hf:datasets/组织/名称、ms:组织/名称 或 https://…，需要时加 @版本。',
  },
  BAD_SETTING: {
    what: '设置 {key} 无效[：“{value}”][（{where}）][：{reason}]。',
    remedy: '`sluice config` 会列出每项设置的值及其来源。',
  },
  BAD_TRUST_POLICY: {
    what: '信任策略 {path} 无法使用[：第 {line} 行][：{field}] {reason}。',
    remedy: '可写的内容见 docs/FORMATS.md。未做任何检查。',
  },
  BAD_KEY: {
    what: '密钥 {path} 无法使用：{reason}。',
    remedy: '`sluice keys make NAME` 可生成一对密钥。',
  },

  REPOSITORY_NOT_FOUND: {
    what: '{host} 上没有仓库 {repository}，或当前身份无权看到它。',
    remedy: '请检查名称；私有仓库需要令牌（HF_TOKEN、MODELSCOPE_API_TOKEN 或 --token）。',
  },
  REVISION_NOT_FOUND: {
    what: '{host} 上的 {repository} 没有版本 {revision}。',
    remedy: '请检查分支、标签、提交或 refs/pr/N。',
  },
  FILE_NOT_FOUND: { what: '{host} 上没有 {path}。', remedy: '请检查路径和版本。' },
  NOTHING_MATCHED: {
    what: '{ref} 中没有文件符合筛选条件[（共 {files} 个文件）]。',
    remedy: '通配符含义与 `hf download` 相同：* 可跨越 /，以 / 结尾表示整个目录。',
  },
  NOT_HERE: {
    what: '本地仓中没有 {ref}，且当前不允许联网（离线）。',
    remedy: '请先去掉 --offline 和 HF_HUB_OFFLINE 拉取一次。',
  },

  NO_SUCH_REMEDY: { what: '没有已应用的措施[ {id}]。', remedy: '`sluice doctor --remedies` 列出已应用的措施。' },

  UNAUTHORIZED: {
    what: '{host} 不接受此凭据[：{reason}]。',
    remedy:
      '请检查令牌（HF_TOKEN、MODELSCOPE_API_TOKEN 或 --token；镜像仓库用 `docker login`）：可能已过期，或属于别的站点。',
  },
  GATED: {
    what: '{repository} 在 {host} 上需要申请访问[：{reason}]。',
    remedy: '请在其页面申请访问，再用获准账号的令牌拉取。',
  },
  FORBIDDEN: { what: '{host} 拒绝访问[ {path}][：{reason}]。', remedy: '请确认令牌在此处有读取权限。' },
  WRONG_KEY: {
    what: '现有密钥无法打开 {path}[：{reason}]。',
    remedy: '请用 --key 文件、--key env:变量名 或 --key cmd:命令 给出加封时所用的密钥。',
  },

  DIGEST_MISMATCH: {
    what: '{path} 与发布的内容不符：{algorithm} 应为 {expected}，实为 {actual}[（来自 {source}）]。',
    remedy: '错误内容从未获得正式文件名。请重试，或用 --source 增加来源。',
  },
  SIZE_MISMATCH: {
    what: '{source} 给出的 {path} 为 {actual} 字节，应为 {expected} 字节。',
    remedy: '该来源与清单不一致；请重新拉取或换一个来源。',
  },
  SOURCE_CHANGED: {
    what: '拉取期间 {source} 上的 {path} 发生了变化[：{reason}]。',
    remedy: '请重新拉取以获得新版本。',
  },
  UNSAFE_PATH: { what: '清单中有不安全的路径：“{path}”（{reason}）。', remedy: '没有写入任何内容。请勿信任该仓库。' },
  BAD_MANIFEST: {
    what: '{host} 给出的清单不合理：{reason}。',
    remedy: '请换一个端点；若仍如此，该站点已损坏或有恶意。',
  },
  CORRUPT_STORE: {
    what: '这里的 {total} 个文件中有 {count} 个内容不对。',
    remedy: '`sluice repair` 只重新下载出错的部分。',
  },
  BAD_SIGNATURE: {
    what: '{subject} 的签名不能证明其内容[：{reason}]。',
    remedy: '请勿使用这些文件。请重新获取；若仍如此，请询问发布者。',
  },
  BROKEN_SEAL: {
    what: '{path} 与加封时的内容不符：{reason}。',
    remedy: '其中内容均未使用。请重新获取此文件；若仍如此，则加封之后被人改动。',
  },

  UNSIGNED: {
    what: '{subject} 没有签名，而规则“{rule}”要求签名。',
    remedy: '请用 --signature FILE 指明签名，或向发布者索取。',
  },
  UNTRUSTED_SIGNER: {
    what: '规则“{rule}”不接受 {subject} 的签名：{reason}。',
    remedy: '若您信任该签名者，请在策略中加入其密钥或身份。',
  },
  NO_TRUST_RULE: {
    what: '{path} 中没有规则适用于 {subject}。',
    remedy: '请为它添加范围，或用 --as 说明它是什么。',
  },
  UNTRUSTED_KEY: {
    what: '{name} 不是由此处信任的密钥签名的[：{reason}]。',
    remedy: '若确知该密钥正确，请用 --trust-key 指明。',
  },

  NOT_CONVERTIBLE: {
    what: '未转换 {path}：{reason}。',
    remedy: '只转换仅含张量的检查点（torch.save 写出的 state dict）。`sluice scan` 可查看其中内容。',
  },
  REFUSED: {
    what: '策略“{policy}”拒绝了 {what}：{value}（{rule}；允许：{threshold}）[，共 {all} 条理由，此为第一条]。',
    remedy:
      '其内容一概不显示。[查看其中内容：`sluice scan {scanned}`。][只要其余文件：--exclude {file}。]确有把握时：--allow {rule}。',
  },

  DNS: { what: '无法解析域名 {host}[：{reason}]。', remedy: '请检查网络和 DNS；在代理之后请设置 HTTPS_PROXY。' },
  CONNECT: { what: '无法连接 {host}[：{reason}]。', remedy: '请检查网络、代理（HTTPS_PROXY）和端点。' },
  TLS: {
    what: '无法与 {host} 建立安全连接：{reason}。',
    remedy: '在企业代理之后，请用 --ca 文件 或 NODE_EXTRA_CA_CERTS 提供其证书。',
  },
  PROXY: {
    what: '代理 {host} 拒绝了请求[：{reason}]。',
    remedy: '请检查 HTTPS_PROXY / --proxy 及其凭据；NO_PROXY 可排除主机。',
  },
  RESET: { what: '{host} 中断了连接[：{reason}]。', remedy: '已到达的内容都已保留，重新拉取即可继续。' },
  STALLED: {
    what: '{host} 已有 {seconds} 秒没有发送数据。',
    remedy: '已到达的内容都已保留；请重新拉取，或用 --source 增加来源。',
  },
  RATE_LIMITED: {
    what: '{host} 限制了访问频率（429）[；{seconds} 秒后恢复]。',
    remedy: '在多数站点上使用令牌可提高限额；也可以通过镜像拉取。',
  },
  SERVER_ERROR: { what: '{host} 返回 {status}[：{reason}]。', remedy: '服务器有问题；请稍后再试或换一个来源。' },
  EXPIRED: { what: '{host} 上的签名地址已失效（{status}）。', remedy: '请重新拉取；若仍如此，请检查本机时钟。' },
  REDIRECTS: { what: '{host} 的重定向没有尽头，或指向不可跟随的位置[：{reason}]。', remedy: '请换一个端点。' },
  RANGE_REFUSED: { what: '{host} 无法提供 {path} 的所需部分[：{reason}]。', remedy: '请换一个来源。' },
  BAD_RESPONSE: { what: '{host} 的回答不合理：{reason}。', remedy: '中间可能有设备篡改了回答；请换一个端点。' },
  NO_PROGRESS: {
    what: '{path} 已有 {seconds} 秒没有进展。最后一次：{reason}',
    remedy: '已到达的内容都已保留，重新拉取即可继续。',
  },
  UNDECIDED: { what: '{path} 能否放行尚未决定：仍在检查中。', remedy: '请稍后再试。' },
  OFFLINE: {
    what: '需要联网，但网络已被关闭（离线）。',
    remedy: '请去掉 --offline，或取消 HF_HUB_OFFLINE 和 SLUICE_OFFLINE。',
  },

  DISK_FULL: {
    what: '空间不足[（{path}）][：需要 {needed}，剩余 {free}][：{reason}]。',
    remedy: '`sluice gc` 会列出可释放的内容；SLUICE_HOME 可把仓库移到别的磁盘。',
  },
  NO_PERMISSION: {
    what: '当前用户不能写入[ {path}][：{reason}]。',
    remedy:
      '请更改其所有者，或用 SLUICE_HOME、HF_HOME 或 --to 另选位置[；属于系统的文件请用 {needsRoot} 运行同一命令]。',
  },
  VIEW_OBSTRUCTED: {
    what: '{path} 的位置被占用：{reason}。',
    remedy: '请移走它，或另选目录（--to、--out）[；{force} 可将其替换]。',
  },
  FILE_UNFIT: { what: '不改动 {path}：{reason}。', remedy: '未作任何更改。请修正该文件，或手动编辑。' },
  CHANGED_SINCE: {
    what: '{path} 此后被他人改动过。',
    remedy: '请查看差异；先撤销较晚的措施，或用 --undo[ {id}] --force 恢复原文件。',
  },
  FILE_SYSTEM: { what: '文件系统拒绝了操作[ {path}][：{reason}]。', remedy: '请检查磁盘及其挂载。' },

  INTERRUPTED: { what: '已中断；到达的内容全部保留。', remedy: '再次运行同一命令即可继续。' },
};
