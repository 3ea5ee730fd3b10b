interface Writable {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

let hidden = false;

export function hideCursor(stream: Writable): void {
  if (!hidden) stream.write('\u001b[?25l');
  hidden = true;
}

/** Shows the cursor again if it was hidden; safe at any time, also while the process ends. */
export function restoreTerminal(stream: Writable): void {
  if (hidden) stream.write('\u001b[?25h');
  hidden = false;
}
