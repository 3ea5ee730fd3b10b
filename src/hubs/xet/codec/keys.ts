const key = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

/** Of chunk hashes: BLAKE3 keyed with this over the raw bytes. */
export const DATA_KEY = key('6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229');

/** Of the inner nodes of the trees over chunks. */
export const INTERNAL_NODE_KEY = key('017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f');

/** Of file ids, on Hugging Face and wherever no other salt is agreed. */
export const FILE_SALT = new Uint8Array(32);
