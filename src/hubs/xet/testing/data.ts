/** A million bytes of SplitMix64 from the seed 0, in content-defined chunks: where each ends, and its hash (the reference implementation's). */
export const SPLITMIX_CHUNKS: readonly (readonly [number, string])[] = [
  [84493, '6eca1e7dadaf08cca5d82d318c800f07c2ddcec115a7e8627e5edd9605b94b8d'],
  [134421, '624ea34d72a06e5d43a1b8dd10763f0d22f165992c397ed97563899b27fdd88a'],
  [144853, '4411d2ec847c6e3f451a7451ff3933adb4f1c31587421b9f730b698a78313b47'],
  [243318, '6342bde97433e29e0779ad33eb8040d986679040361b3cc3a06230fe60dd6c9b'],
  [271793, '405253fcf15bba751adc4f507d3453273daff81ed4d8acd71c521aa1cbddc0b5'],
  [336457, '4482374af7f8bebfdb5c5df0299f80128d6c58886ad7b218c562b1d74064e4cb'],
  [467529, '80acc8d39c853b4b8a8c6ad7b63bf2ea68f62c2226b92f06349f92cc84d213cc'],
  [494581, 'a7076d7d343f711fb20fe6cd023248d8d051e8fe7d44172596cd5c7ea7edaf65'],
  [582000, '44755217bbb4dadc81ea7695765230a34a2e6cb3b55f373f1de35aeba79ae92c'],
  [596735, '001adc1d302d5f039278325dcbd5ec3b194f4794f1629d6f962f9f4bb78a7bff'],
  [616815, 'f8460a337c186f07c2e225bb287a1d3d3d686dc69d0828e99640f7d8852c5b90'],
  [653164, 'c9bc3da29025dc1ba562d303d815151d9a937367abb766ae842a165e8493d9fe'],
  [678202, '5044339dfd65e8163bdfe642614a6be604b04d6aeacf222cf219ad287bfc5cf1'],
  [724510, '163622db0fe0da93f2ef964eed4c485f3c7a9c312f8e8e8a312ab4bb8141f13e'],
  [815591, 'e1730534a858aa0258ad8904ef12b829b8a123a1c611250275c9ca9471e4c650'],
  [827760, '1fbc6854f9185caba1e1f55393f41f83b895b18f9c99245c029025ca48f1e14b'],
  [958832, '8a27b66ccf05b864b6bef6fb5c970fe894f73d2330e8e98fe7841dcdbd9e9576'],
  [991092, 'bc70a33e7a9ec820cac24b87023469a57bdae1bf91cc3961b95806c64a525221'],
  [1000000, '03e5b5f5a088269ec4b329f1e04debfac4cb54b9c0facf038f7e8e0f054be7e2'],
];

/** The xorb and the file of all of them. */
export const SPLITMIX_XORB = '6f2ce16ca5e317f0100ff0e7e5bf40a0de9032e9ee1ad04b6b8ff4e36cdfbf6c';
export const SPLITMIX_FILE = '3d17b2d7d64a0e011b6717a52d9a16bd2c3f05b743fa8adf52a7d75dafab6d89';
/** SHA-256 of the xorb's body with every chunk stored as it is. */
export const SPLITMIX_STORED_SHA256 = '89012d6b736b38afb75e9ba73683c55bfdfc468600e54da28aeb759f0cf10069';

/** SplitMix64, little-endian, as all implementations of Xet make test data. */
export function splitmix(lengthBytes: number, seed: bigint): Buffer {
  const words = new BigUint64Array(Math.ceil(lengthBytes / 8));
  let state = seed;
  for (let index = 0; index < words.length; index += 1) {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let word = state;
    word = BigInt.asUintN(64, (word ^ (word >> 30n)) * 0xbf58476d1ce4e5b9n);
    word = BigInt.asUintN(64, (word ^ (word >> 27n)) * 0x94d049bb133111ebn);
    words[index] = word ^ (word >> 31n);
  }
  return Buffer.from(words.buffer, 0, lengthBytes);
}

/** A deterministic stream of numbers in [0, 1). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Weights as trained models have them: bf16 of about N(0, 0.02). */
export function bf16Weights(lengthBytes: number, seed: number): Buffer {
  const random = randomNumbers(seed);
  const bytes = Buffer.alloc(lengthBytes);
  const value = new Float32Array(1);
  const bits = new Uint32Array(value.buffer);
  for (let at = 0; at + 1 < lengthBytes; at += 2) {
    value[0] = 0.02 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    bytes.writeUInt16LE((bits[0] ?? 0) >>> 16, at);
  }
  return bytes;
}
