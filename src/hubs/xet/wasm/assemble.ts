import { I32, unsigned, type FunctionBuilder } from './emit.js';

const PAGE_BYTES = 65_536;

/** The bytes of a module with its own memory (exported as `memory`) and these functions; each gives one i32. */
export function assemble(functions: readonly FunctionBuilder[], memoryBytes: number, data: Uint8Array): Uint8Array {
  const types = functions.map(({ parameters }) => [0x60, ...vector(parameters.map((type) => [type])), 1, I32]);
  const pages = Math.ceil(memoryBytes / PAGE_BYTES);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(5, vector([[1, ...unsigned(pages), ...unsigned(pages)]])),
    ...section(
      7,
      vector([
        [...text('memory'), 2, 0],
        ...functions.map(({ name }, index) => [...text(name), 0, ...unsigned(index)]),
      ]),
    ),
    ...section(10, vector(functions.map(encodeBody))),
    ...section(11, vector([[0, 0x41, 0, 0x0b, ...unsigned(data.length), ...data]])),
  ]);
}

function encodeBody(builder: FunctionBuilder): number[] {
  const locals = vector(builder.locals.map((type) => [1, type]));
  const body = [...locals, ...builder.body, 0x0b];
  return unsigned(body.length).concat(body);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return unsigned(items.length).concat(items.flat());
}

function text(value: string): number[] {
  return vector([...Buffer.from(value)].map((byte) => [byte]));
}
