/** A bundle and a statement as JSON, for tests that spoil them. */
export interface BundleJson {
  mediaType: string;
  verificationMaterial: { certificate?: { rawBytes: string }; tlogEntries: EntryJson[] };
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] };
}

export interface EntryJson {
  readonly [more: string]: unknown;
  integratedTime: string;
  inclusionPromise?: { signedEntryTimestamp: string };
  inclusionProof: { treeSize: string; hashes: string[]; checkpoint: { envelope: string } };
}

export interface StatementJson {
  _type: string;
  subject: { name: string; digest: { sha256: string } }[];
  predicateType: string;
  predicate: {
    resources: { name: string; algorithm: string; digest: string }[];
    serialization: { hash_type: string; ignore_paths: string[] };
  };
  /** Not part of it: the root stays as it is; this text instead. */
  keepRoot?: boolean;
  raw?: string;
}
