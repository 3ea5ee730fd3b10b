import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Packer, Unpacker } from './parcels.js';

it('arrive as they were sent, with each memory sent once', () => {
  const memories = [64, 100].map((size) => Buffer.from(new SharedArrayBuffer(size)).fill(size));
  const place = fc.record({ memory: fc.nat({ max: 1 }), startByte: fc.nat({ max: 64 }), length: fc.nat({ max: 64 }) });
  fc.assert(
    fc.property(fc.array(fc.array(fc.option(place)), { maxLength: 5 }), (parcels) => {
      const packer = new Packer();
      const unpacker = new Unpacker();
      const sent: unknown[] = [];
      for (const [index, places] of parcels.entries()) {
        const jobs = places.map((one, number) => {
          const own = Buffer.from(`own ${number}`);
          const shared = one && memories[one.memory]?.subarray(one.startByte, one.startByte + one.length);
          return { type: 'put', id: index * 1000 + number, bytes: shared ?? own, promised: {} } as const;
        });
        const parcel = packer.pack(jobs);
        sent.push(...parcel.memory.map(([, memory]) => memory));
        const arrived = unpacker.unpack(structuredClone(parcel));
        expect(arrived.map((job) => job.type === 'put' && Buffer.from(job.bytes))).toEqual(
          jobs.map(({ bytes }) => Buffer.from(bytes)),
        );
        expect(arrived.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id));
      }
      expect(new Set(sent).size).toBe(sent.length);
    }),
  );
});
