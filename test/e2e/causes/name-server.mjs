// A name server for tests: answers A and AAAA of the names it is given, as late as it is told. RFC 1035, one question a packet.
import { createSocket } from 'node:dgram';

const TYPES = { 1: 'A', 28: 'AAAA' };

/** `records`: name → { A: […], AAAA: […] }. Resolves when it listens on port 53 of `address`. */
export async function startNameServer({ address, delayMs = 0, records }) {
  const socket = createSocket('udp4');
  socket.on('message', (packet, from) => {
    const answer = answerTo(packet, records);
    setTimeout(() => socket.send(answer, from.port, from.address), delayMs);
  });
  await new Promise((resolve, reject) => socket.once('error', reject).bind(53, address, resolve));
}

function answerTo(packet, records) {
  let at = 12;
  const labels = [];
  while (packet[at] !== 0) {
    labels.push(packet.toString('latin1', at + 1, at + 1 + packet[at]));
    at += packet[at] + 1;
  }
  const question = packet.subarray(12, at + 5);
  const known = records[labels.join('.').toLowerCase()];
  const data = (known?.[TYPES[packet.readUInt16BE(at + 1)]] ?? []).map(bytesOf);
  const head = Buffer.from(packet.subarray(0, 12));
  // An authoritative answer; a name that nobody has is an error, one without addresses of this family is not.
  head.writeUInt16BE(0x8580 | (known === undefined ? 3 : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 6);
  head.fill(0, 8, 12);
  const type = question.subarray(-4, -2);
  const answers = data.map((bytes) =>
    Buffer.concat([Buffer.from([0xc0, 0x0c]), type, Buffer.from([0, 1, 0, 0, 0, 60, 0, bytes.length]), bytes]),
  );
  return Buffer.concat([head, question, ...answers]);
}

/** IPv6 written out in full: eight groups. */
function bytesOf(address) {
  if (address.includes('.')) return Buffer.from(address.split('.').map(Number));
  return Buffer.from(
    address
      .split(':')
      .map((group) => group.padStart(4, '0'))
      .join(''),
    'hex',
  );
}
