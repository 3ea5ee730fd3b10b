/** A stream by its parts: text as latin1, numbers as single bytes. */
export function stream(...parts: readonly (string | number | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return Buffer.from([part]);
      return typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
    }),
  );
}

/** SHORT_BINUNICODE. */
export function shortText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return stream(0x8c, bytes.length, bytes);
}

/** `module.name` under protocol 4, by STACK_GLOBAL. */
export function imported(module: string, name: string): Buffer {
  return stream(shortText(module), shortText(name), 0x93);
}

/** A call of it with nothing, and the end. */
export function calling(module: string, name: string): Buffer {
  return stream(0x80, 4, imported(module, name), ')R.');
}
