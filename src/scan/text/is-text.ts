/** Whether the bytes can be the beginning of UTF-8 text: no NUL, nothing broken but a sign that the cut went through. */
export function isTextStart(start: Buffer): boolean {
  if (start.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: true });
    return true;
  } catch {
    return false;
  }
}
