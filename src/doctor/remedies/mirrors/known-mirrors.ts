import type { Mirrored } from '../port.js';

/**
 * Mirrors of built-in profiles, by the name of the profile. Those of Hugging Face and ModelScope are the settings' endpoints.
 * There is none for Docker Hub, containerd and git: no public one is kept up.
 */
export const KNOWN_MIRRORS: Readonly<Record<string, Readonly<Partial<Record<Mirrored, string>>>>> = {
  cn: {
    // TUNA, Tsinghua University: https://mirrors.tuna.tsinghua.edu.cn/help/pypi/
    pip: 'https://pypi.tuna.tsinghua.edu.cn/simple',
    // npmmirror, its front page: https://npmmirror.com/
    npm: 'https://registry.npmmirror.com',
  },
};
