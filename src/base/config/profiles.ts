/** Values by TOML key, as a `[profiles.NAME]` table has them. */
export type ProfileTable = Readonly<Record<string, unknown>>;

/** Profiles that need no configuration. A table of the same name in `sluice.toml` replaces one. */
export const BUILT_IN_PROFILES: Readonly<Record<string, ProfileTable>> = {
  /** Mainland China: a Hugging Face mirror first, then the hub itself. */
  cn: {
    'hf.endpoints': ['https://hf-mirror.com', 'https://huggingface.co'],
    'ms.endpoints': ['https://modelscope.cn'],
  },
  /** Outside mainland China: the hub itself, and ModelScope's international site. */
  global: {
    'hf.endpoints': ['https://huggingface.co'],
    'ms.endpoints': ['https://www.modelscope.ai'],
  },
};
