import { SluiceError, type ErrorCode } from '../base/index.js';
import { createHostGate, createTransport, chooseProxy } from '../net/index.js';
import type { Facts, HostFacts, SpecimenFacts } from './facts.js';
import { judge } from './causes/judge.js';
import { lossOf } from './causes/suspect-host.js';
import { fitOf } from './fit/fit.js';
import { probePython } from './fit/probe-python.js';
import { readModel } from './fit/read-model.js';
import { probeMachine } from './machine/probe-machine.js';
import { probeHost, type HostProbe, type PathContext } from './path/probe-host.js';
import { probeSpecimen } from './path/probe-specimen.js';
import { traceRoute } from './path/trace-route.js';
import type { Wires } from '../pull/index.js';
import type { ExamineContext } from './port.js';
import type { Report } from './report.js';
import { endpointsOf, findSubject, type Subject } from './subject.js';
import { transportOptions } from './transport-options.js';

/**
 * Measures what a ref, a host, or the hubs of the settings and this machine do, and says what is wrong with them. Nothing is changed, and nothing
 * is written but a folder of its own where the store is, which is removed. What stops the path is a finding and not an error.
 * @throws SluiceError BAD_REF, BAD_SETTING, INTERRUPTED, and what listing a ref meets
 */
export async function examine(subject: string | undefined, context: ExamineContext): Promise<Report> {
  const { settings, signal, emit, tell, isLong = false } = context;
  const options = transportOptions(settings);
  const transport = createTransport(options);
  try {
    const wires = { transport, gate: createHostGate(), emit };
    const found = await findReachable(subject, wires, context);
    const { probes, sizeBytes, isAssumed, specimens, endpoints, listing } = found;
    tell('machine', settings.home);
    const model = listing && (await readModel(listing, wires, signal));
    const python = model && (await probePython(signal));
    const machine = { ...(await probeMachine(settings.home, signal)), ...(python && { python }) };
    const path: PathContext = {
      transport,
      newTransport: () => createTransport(options),
      chooseProxy: chooseProxy(options),
      caFiles: settings.caFiles,
      isLong,
      signal,
      tell,
    };
    const hosts = await probePath(probes, path);
    const proven: SpecimenFacts[] = [];
    for (const specimen of specimens) {
      tell('specimen', new URL(specimen.request.url).host);
      proven.push(await probeSpecimen(transport, specimen, signal));
    }
    const job = { sizeBytes, isAssumed };
    const facts: Facts = { job, hosts, specimens: proven, endpoints, machine, ...(model && { model }) };
    const fit = model && fitOf(model, machine);
    const judged = judge(facts);
    // What the listing met is not to be seen on the way there.
    if (found.failure !== undefined && !judged.findings.some(({ severity }) => severity === 'blocks'))
      throw found.failure;
    return { ...(subject === undefined ? {} : { subject }), facts, ...judged, ...(fit && { fit }) };
  } finally {
    await transport.close();
  }
}

/** Where the way stops already what is asked first, the way itself is the subject: its endpoints, and nothing of what is there. */
async function findReachable(
  subject: string | undefined,
  wires: Wires,
  context: ExamineContext,
): Promise<Subject & { readonly failure?: SluiceError }> {
  try {
    return await findSubject(subject, wires, context);
  } catch (thrown) {
    if (!(thrown instanceof SluiceError) || !OF_THE_WAY.has(thrown.code)) throw thrown;
    return { ...endpointsOf(subject, context), failure: thrown };
  }
}

const OF_THE_WAY: ReadonlySet<ErrorCode> = new Set([
  'DNS',
  'CONNECT',
  'TLS',
  'PROXY',
  'RESET',
  'STALLED',
  'NO_PROGRESS',
]);

/** Every host that the bytes of a probe come by: where a hub sends its clients elsewhere, the streams are measured there. */
async function probePath(probes: readonly HostProbe[], context: PathContext): Promise<readonly HostFacts[]> {
  const hosts: HostFacts[] = [];
  for (const probe of probes) {
    const { facts, answered } = await probeHost(probe, context);
    hosts.push(await withRoute(facts, context));
    const target = answered?.urls.at(-1);
    if (target === undefined || !probe.isCarrier || new URL(target).origin === facts.origin) continue;
    // What identifies the caller was for the hub alone; a signed URL needs none.
    const { sizeBytes } = probe.stretch;
    const content: HostProbe = { stretch: { request: { url: target }, sizeBytes }, role: 'content', isCarrier: true };
    hosts.push(await withRoute((await probeHost(content, context)).facts, context));
  }
  return hosts;
}

/** Where packets were lost, or everything is to be looked at: who stands on the way, and who of them loses. */
async function withRoute(facts: HostFacts, { isLong, signal, tell }: PathContext): Promise<HostFacts> {
  const reached = facts.addresses.find(({ connectMs }) => connectMs.length > 0);
  if (reached === undefined || !(isLong || lossOf(facts) !== undefined)) return facts;
  tell('route', facts.host);
  return { ...facts, route: await traceRoute(reached.address, signal) };
}
