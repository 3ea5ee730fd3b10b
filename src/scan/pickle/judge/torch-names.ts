/** What PyTorch's weights-only reader imports (torch/_weights_only_unpickler.py), in the words of Python 3. */
export const TORCH_STORAGES: ReadonlySet<string> = new Set([
  ...'Double Float Half Long Int Short Char Byte Bool BFloat16 ComplexDouble ComplexFloat QUInt8 QInt8 QInt32 QUInt4x2 QUInt2x4'
    .split(' ')
    .map((type) => `torch.${type}Storage`),
  'torch.storage.UntypedStorage',
  'torch.storage.TypedStorage',
]);

const NUMBERS =
  'float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex32 complex64 complex128 uint16 uint32 uint64';
const QUANTIZED = 'quint8 qint8 qint32 quint4x2 quint2x4 bits8 bits16 bits1x8 bits2x4 bits4x2';
const SMALL = 'float8_e5m2 float8_e4m3fn float8_e5m2fnuz float8_e4m3fnuz float8_e8m0fnu float4_e2m1fn_x2';
const ODD = [1, 2, 3, 4, 5, 6, 7].flatMap((bits) => [`uint${bits}`, `int${bits}`]);

export const TORCH_DTYPES: ReadonlySet<string> = new Set(
  [...`${NUMBERS} ${QUANTIZED} ${SMALL}`.split(' '), ...ODD].map((type) => `torch.${type}`),
);

export const TORCH_SCHEMES: ReadonlySet<string> = new Set(
  'per_tensor_affine per_tensor_symmetric per_channel_affine per_channel_symmetric per_channel_affine_float_qparams'
    .split(' ')
    .map((scheme) => `torch.${scheme}`),
);

/** GLOBAL NEWOBJ REDUCE BUILD APPEND APPENDS SETITEM SETITEMS MARK TUPLE… and literals of protocol 2, by their bytes. */
export const TORCH_OPCODES: ReadonlySet<number> = new Set([
  ...Buffer.from('cRbaesu(t)]}NJKMGXUQhjqr.', 'latin1'),
  ...[0x80, 0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8f],
]);

/** Bytes of one element, by the storage's class; untyped ones count in bytes. */
export const STORAGE_ITEM_BYTES: ReadonlyMap<string, number> = new Map(
  (
    [
      ['Double', 8],
      ['Float', 4],
      ['Half', 2],
      ['Long', 8],
      ['Int', 4],
      ['Short', 2],
      ['Char', 1],
      ['Byte', 1],
      ['Bool', 1],
      ['BFloat16', 2],
      ['ComplexDouble', 16],
      ['ComplexFloat', 8],
      ['QUInt8', 1],
      ['QInt8', 1],
      ['QInt32', 4],
      ['QUInt4x2', 1],
      ['QUInt2x4', 1],
    ] as const
  ).map(([type, bytes]) => [`torch.${type}Storage`, bytes]),
);
