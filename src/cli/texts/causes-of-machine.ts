import type { CauseText } from './causes.js';

const en = {
  QUOTA_FULL: {
    what: 'The quota on {path} is too small.',
    seen: '{neededBytes} are needed and {leftBytes} are left to this user.',
    remedy: 'Ask for more, make room (sluice gc), or put the store elsewhere with SLUICE_HOME.',
  },
  DOES_NOT_FIT_DISK: {
    what: 'The disk of {path} holds the files once and not twice.',
    seen: 'Its file system has no links, so that store and view each need a copy: {neededBytes} of {freeBytes} free.',
    remedy: 'Put store and view on a file system with hard links, as ext4 or xfs.',
  },
  DOES_NOT_FIT_GPU: {
    what: 'The model does not fit the GPUs here.',
    seen: 'The smallest way to run it ({variant}, {contextTokens} tokens of context) needs {neededBytes}; {count} × GPU have {gpuBytes}.',
    remedy:
      'Take a smaller quantisation (GGUF, AWQ), more GPUs, or leave layers in main memory (device_map="auto", llama.cpp -ngl).',
  },
  DOES_NOT_FIT_MEMORY: {
    what: 'The model does not fit the memory here.',
    seen: 'The smallest way to run it ({variant}, {contextTokens} tokens of context) needs {neededBytes}; there are {memoryBytes}.',
    remedy: 'Take a smaller model or quantisation, or a machine (or limit of the container) with more memory.',
  },
  TOO_OLD_TRANSFORMERS: {
    what: 'transformers {installed} does not know this model.',
    seen: 'Models of type {modelType} came with {needed}.',
    remedy: 'Bring it up to date in the environment that runs the model:',
  },
  TORCH_WITHOUT_CUDA: {
    what: 'PyTorch {torch} here was built without CUDA.',
    seen: 'It does not use the {gpu}.',
    remedy: 'Install the build for your CUDA: see pytorch.org/get-started/locally.',
  },
  DRIVER_TOO_OLD: {
    what: 'The NVIDIA driver is too old for PyTorch here.',
    seen: 'Driver {installed}; PyTorch {torch} is built for CUDA {cuda}, which needs {needed} or newer.',
    remedy: 'Bring the driver up to date, or install a PyTorch for an older CUDA.',
  },
  NO_SYMLINKS: {
    what: 'The file system of {path} has no symbolic links.',
    seen: 'The Hugging Face cache is then laid out with copies or hard links.',
    remedy: 'Put the store on a file system that has them.',
  },
  LOCKS_IGNORED: {
    what: 'The file system of {path} lets two processes have the same file.',
    seen: 'Both made it, and neither was told: two pulls into this store can mix.',
    remedy: 'Put the store on a local disk with SLUICE_HOME; until then run one sluice at a time.',
  },
  FLOCK_IGNORED: {
    what: 'The file system of {path} ignores flock.',
    seen: 'Two processes held the same lock. sluice does not use it; other tools guard their caches with it.',
    remedy: 'Run one download of such a tool at a time, or put its cache (HF_HOME) on a local disk.',
  },
  CASE_IGNORED: {
    what: 'The file system of {path} does not tell A from a.',
    seen: 'Of two files whose names differ in case alone only one can be there.',
    remedy: 'Such a repository needs another file system; others do not.',
  },
  NAMES_TOO_SHORT: {
    what: 'The file system of {path} takes short names only.',
    seen: '{most} bytes; hubs allow 255.',
    remedy: 'Files with longer names need another file system (one that does not encrypt names).',
  },
  DISK_BUSY: {
    what: 'The disk of {path} is busy with other things.',
    seen: '{device} had something to do for {busyPercent} % of the time before anything was written.',
    remedy: 'See who it is (iotop, pidstat -d), or put the store on another disk with SLUICE_HOME.',
  },
  LITTLE_MEMORY: {
    what: 'Little memory is left.',
    seen: '{availableBytes}; sluice makes do with it, more slowly.',
    remedy: 'End what is not needed, or raise the limit of the container.',
  },
  GPU_WAITS_FOR_DISK: {
    what: 'The {gpu} idles while the disk is at work.',
    seen: 'It works {gpuPercent} % of the time; the disk of {path} {busyPercent} %, and processors wait for disks {waitPercent} %.',
    remedy: 'Keep weights and data on a faster disk, or let more workers read ahead (DataLoader num_workers).',
  },
  GPU_MEMORY_TAKEN: {
    what: 'The memory of the GPUs is taken.',
    seen: 'Others hold {usedBytes} of the {gpu}; {neededBytes} are needed and {freeBytes} are free.',
    remedy: 'See who it is with nvidia-smi or rocm-smi, and end it.',
  },
  OLDER_TRANSFORMERS: {
    what: 'transformers {installed} is older than the one that wrote this model.',
    seen: 'The model was written with {declared}.',
    remedy: 'If loading fails, bring it up to date: pip install --upgrade transformers.',
  },
} as const satisfies Readonly<Record<string, CauseText>>;

const zh: Readonly<Record<keyof typeof en, CauseText>> = {
  QUOTA_FULL: {
    what: '{path} 的磁盘配额不足。',
    seen: '需要 {neededBytes}，当前用户还剩 {leftBytes}。',
    remedy: '申请更多配额，清理空间（sluice gc），或用 SLUICE_HOME 把存储放到别处。',
  },
  DOES_NOT_FIT_DISK: {
    what: '{path} 所在磁盘只放得下一份文件，放不下两份。',
    seen: '该文件系统不支持链接，存储和视图各需一份：需要 {neededBytes}，可用 {freeBytes}。',
    remedy: '把存储和视图放到支持硬链接的文件系统上，如 ext4 或 xfs。',
  },
  DOES_NOT_FIT_GPU: {
    what: '本机的 GPU 放不下此模型。',
    seen: '最省的方式（{variant}，上下文 {contextTokens} 个 token）需要 {neededBytes}；{count} 块 GPU 共 {gpuBytes}。',
    remedy: '选用更小的量化（GGUF、AWQ）、更多 GPU，或把部分层留在内存中（device_map="auto"、llama.cpp -ngl）。',
  },
  DOES_NOT_FIT_MEMORY: {
    what: '本机的内存放不下此模型。',
    seen: '最省的方式（{variant}，上下文 {contextTokens} 个 token）需要 {neededBytes}；共有 {memoryBytes}。',
    remedy: '选用更小的模型或量化，或换用内存（或容器限额）更大的机器。',
  },
  TOO_OLD_TRANSFORMERS: {
    what: 'transformers {installed} 不认识此模型。',
    seen: '{modelType} 类型的模型从 {needed} 起受支持。',
    remedy: '在运行模型的环境中升级：',
  },
  TORCH_WITHOUT_CUDA: {
    what: '本机的 PyTorch {torch} 不带 CUDA。',
    seen: '它不会使用 {gpu}。',
    remedy: '安装与你的 CUDA 对应的版本：见 pytorch.org/get-started/locally。',
  },
  DRIVER_TOO_OLD: {
    what: 'NVIDIA 驱动对本机的 PyTorch 来说太旧。',
    seen: '驱动 {installed}；PyTorch {torch} 面向 CUDA {cuda}，需要 {needed} 或更新。',
    remedy: '升级驱动，或安装面向较旧 CUDA 的 PyTorch。',
  },
  NO_SYMLINKS: {
    what: '{path} 的文件系统不支持符号链接。',
    seen: 'Hugging Face 缓存将改用复制或硬链接。',
    remedy: '把存储放到支持符号链接的文件系统上。',
  },
  LOCKS_IGNORED: {
    what: '{path} 的文件系统会让两个进程同时占有同一个文件。',
    seen: '两个进程都创建了它，且都未得到提示：同时写入此存储可能混乱。',
    remedy: '用 SLUICE_HOME 把存储放到本地磁盘；在此之前一次只运行一个 sluice。',
  },
  FLOCK_IGNORED: {
    what: '{path} 的文件系统不理会 flock。',
    seen: '两个进程同时持有同一把锁。sluice 不依赖它；其他工具用它保护缓存。',
    remedy: '此类工具一次只运行一个下载，或把其缓存（HF_HOME）放到本地磁盘。',
  },
  CASE_IGNORED: {
    what: '{path} 的文件系统不区分大小写。',
    seen: '仅大小写不同的两个文件只能存在一个。',
    remedy: '这样的仓库需要其他文件系统；其余不受影响。',
  },
  NAMES_TOO_SHORT: {
    what: '{path} 的文件系统只接受较短的文件名。',
    seen: '最多 {most} 字节；各站点允许 255。',
    remedy: '文件名更长的文件需要其他文件系统（不加密文件名的）。',
  },
  DISK_BUSY: {
    what: '{path} 所在磁盘正忙于其他工作。',
    seen: '写入之前，{device} 有 {busyPercent} % 的时间在忙。',
    remedy: '看看是谁在用（iotop、pidstat -d），或用 SLUICE_HOME 把存储放到另一块磁盘。',
  },
  LITTLE_MEMORY: {
    what: '剩余内存很少。',
    seen: '{availableBytes}；sluice 仍可运行，但会变慢。',
    remedy: '结束不需要的程序，或提高容器的内存限额。',
  },
  GPU_WAITS_FOR_DISK: {
    what: '{gpu} 空闲，而磁盘在忙。',
    seen: 'GPU 利用率 {gpuPercent} %；{path} 的磁盘 {busyPercent} %，处理器有 {waitPercent} % 的时间在等磁盘。',
    remedy: '把权重和数据放到更快的磁盘，或用更多进程预读（DataLoader num_workers）。',
  },
  GPU_MEMORY_TAKEN: {
    what: 'GPU 的显存已被占用。',
    seen: '其他程序占用了 {gpu} 的 {usedBytes}；需要 {neededBytes}，可用 {freeBytes}。',
    remedy: '用 nvidia-smi 或 rocm-smi 查看是谁，并结束它。',
  },
  OLDER_TRANSFORMERS: {
    what: 'transformers {installed} 比写出此模型的版本旧。',
    seen: '此模型由 {declared} 写出。',
    remedy: '如果加载失败，请升级：pip install --upgrade transformers。',
  },
};

/** What this machine cannot do, and why a model does not run on it. */
export const MACHINE_CAUSES = { en, zh };
