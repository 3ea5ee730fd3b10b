export { fetchJson, fetchSmall, type SmallAnswer, type SmallContext, type SmallRequest } from './fetch-small.js';
export { createHostGate, gateKey, type HostGate, type HostGateOptions } from './host-gate.js';
export { parseJson, type JsonOutcome } from './json.js';
export * as netLimits from './limits.js';
export type { BodySink, GetRequest, Headers, ResponseHead, Transport } from './port.js';
export { parseRateLimit, type RateLimit } from './rate-limit.js';
export { parseHttpDate, parseRetryAfter } from './retry-after.js';
export { sleep } from './sleep.js';
export { createTransport, type TransportOptions } from './transport.js';
