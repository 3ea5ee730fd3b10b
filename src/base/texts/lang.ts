/** Languages that messages for people exist in. */
export type Lang = 'en' | 'zh';

/** The language that the environment asks for, by the POSIX order of variables. */
export function detectLang(env: Readonly<Record<string, string | undefined>>): Lang {
  const wanted = [env.SLUICE_LANG, env.LC_ALL, env.LC_MESSAGES, env.LANG].find((value) => value);
  return wanted?.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}
