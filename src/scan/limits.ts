/** The scanner's bounds, in bytes where nothing else is said. Beyond each stands `LIMIT-HIT` and a verdict that is not CLEAN, never silence. */

/** What a format may look at to know its own. */
export const START_BYTES = 64 * 1024;
/** Containers around bytes. The deepest that real ones go is five: gzip, tar, zip, pickle, pickle. */
export const MOST_DEPTH = 8;
/** Members and payloads of one file, however deep. */
export const MOST_MEMBERS = 100_000;
/** Findings kept of one file; the verdict counts all. */
export const MOST_FINDINGS = 1_000;
/** Entries kept in each list of an inventory; beyond them a new rule cannot be judged without the bytes. */
export const MOST_INVENTORY_ENTRIES = 20_000;
/** Spans that nobody claimed which are named one by one. */
export const MOST_UNATTRIBUTED_SPANS = 100;
/** A program in text (chat templates) as inventories keep it and as it is judged. */
export const MOST_TEMPLATE_BYTES = 256 * 1024;
/** JSON and YAML that is read as a tree. A tokenizer with 256,000 tokens takes 35 MB. */
export const MOST_TREE_BYTES = 128 * 1024 * 1024;
/** JSON up to this is read so that a name which is there twice is judged twice. */
export const MOST_STRICT_JSON_BYTES = 1024 * 1024;
/** Of text is read at a time. */
export const TEXT_BLOCK_BYTES = 1024 * 1024;
/** Of a protobuf that is held at a time; tensors larger than this are skipped by their length. */
export const PROTOBUF_BLOCK_BYTES = 64 * 1024;
/** Messages in messages. */
export const MOST_PROTOBUF_DEPTH = 100;
/** Fields read in one protobuf. */
export const MOST_PROTOBUF_FIELDS = 20_000_000;
/** A name, an op, a path in a protobuf; what Keras keeps of a model is one text. */
export const MOST_PROTOBUF_TEXT_BYTES = 16 * 1024 * 1024;
/** Of a flatbuffer that is held at a time, and how many such blocks. */
export const FLATBUFFER_BLOCK_BYTES = 64 * 1024;
export const MOST_FLATBUFFER_BLOCKS = 64;
/** Tables and vectors of one flatbuffer, and entries of its vectors. */
export const MOST_FLATBUFFER_TABLES = 2_000_000;
export const MOST_FLATBUFFER_STEPS = 20_000_000;
export const MOST_FLATBUFFER_TEXT_BYTES = 1024 * 1024;
/** An image or a sound beside a model. */
export const MOST_MEDIA_BYTES = 256 * 1024 * 1024;
/** Objects (groups, datasets) of one HDF5 file, and blocks of its metadata. */
export const MOST_HDF5_OBJECTS = 1_000_000;
/** One block of metadata in HDF5: an object header, a heap, a value of an attribute. */
export const MOST_HDF5_BLOCK_BYTES = 64 * 1024 * 1024;
