import type { Job, Parcel, Place, SentJob } from './messages.js';

/** Makes parcels for one thread: remembers which memory it knows. */
export class Packer {
  readonly #known = new Map<SharedArrayBuffer, number>();

  pack(jobs: readonly Job[]): Parcel {
    const memory: [number, SharedArrayBuffer][] = [];
    const nameOf = (shared: SharedArrayBuffer): number => {
      const known = this.#known.get(shared);
      if (known !== undefined) return known;
      const name = this.#known.size;
      this.#known.set(shared, name);
      memory.push([name, shared]);
      return name;
    };
    const sent = jobs.map((job): SentJob => {
      if (job.type !== 'put' || !(job.bytes.buffer instanceof SharedArrayBuffer)) return job;
      const { buffer, byteOffset: startByte, byteLength } = job.bytes;
      return { ...job, bytes: { memory: nameOf(buffer), startByte, endByte: startByte + byteLength } };
    });
    return { memory, jobs: sent };
  }
}

/** The other end. */
export class Unpacker {
  readonly #known = new Map<number, Buffer>();

  unpack({ memory, jobs }: Parcel): readonly Job[] {
    for (const [name, shared] of memory) this.#known.set(name, Buffer.from(shared));
    return jobs.map((job): Job => {
      if (job.type !== 'put') return job;
      return { ...job, bytes: job.bytes instanceof Uint8Array ? job.bytes : this.#bytesAt(job.bytes) };
    });
  }

  #bytesAt({ memory, startByte, endByte }: Place): Uint8Array {
    const known = this.#known.get(memory);
    if (known === undefined) throw new RangeError(`memory ${memory} was never sent`);
    return known.subarray(startByte, endByte);
  }
}
