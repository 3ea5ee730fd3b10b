import { untrusted } from '../signature-fault.js';
import type { Certificate } from './certificate.js';
import { readName, relativeNames, type GeneralName } from './names.js';

/**
 * RFC 5280, 4.2.1.10: every name of `certificate` lies in a permitted subtree of its kind, when there is one, and in no excluded one. Names of kinds that are not
 * understood here but constrained are refused.
 * @throws SignatureFault trust
 */
export function checkNameConstraints(certificate: Certificate, authority: Certificate): void {
  const constraints = authority.extensions.nameConstraints;
  if (constraints === undefined) return;
  for (const name of namesOf(certificate)) {
    const permitted = constraints.permitted.filter(({ kind }) => kind === name.kind);
    const excluded = constraints.excluded.filter(({ kind }) => kind === name.kind);
    if (name.kind === 'other' && permitted.length + excluded.length > 0)
      throw untrusted('a constraint on names of an unknown kind');
    const isOutside = permitted.length > 0 && !permitted.some((subtree) => isWithin(name, subtree));
    if (isOutside || excluded.some((subtree) => isWithin(name, subtree)))
      throw untrusted(
        `${name.text || certificate.subjectText} is not a name that ${authority.subjectText} may certify`,
      );
  }
}

function namesOf({ subject, extensions }: Certificate): readonly GeneralName[] {
  const relative = readName(subject);
  const emails = relative
    .flat()
    .filter(({ type }) => type === 'emailAddress')
    .map(({ text }): GeneralName => ({ kind: 'email', text, bytes: Buffer.from(text) }));
  const directory: readonly GeneralName[] =
    relative.length === 0 ? [] : [{ kind: 'directory', text: '', bytes: subject }];
  return [...extensions.subjectNames, ...emails, ...directory];
}

function isWithin(name: GeneralName, subtree: GeneralName): boolean {
  const base = subtree.text.toLowerCase();
  switch (name.kind) {
    case 'dns':
      return isHostWithin(name.text, base);
    case 'email': {
      const [, mailbox = '', host = ''] = /^(.*)@([^@]*)$/.exec(name.text) ?? [];
      if (!base.includes('@')) return isHostOrBelow(host, base);
      const [, baseMailbox = '', baseHost = ''] = /^(.*)@([^@]*)$/.exec(subtree.text) ?? [];
      return mailbox === baseMailbox && host.toLowerCase() === baseHost.toLowerCase();
    }
    case 'uri':
      return isHostOrBelow(uriHost(name.text), base);
    case 'ip':
      return isAddressWithin(name.bytes, subtree.bytes);
    case 'directory': {
      const above = relativeNames(subtree.bytes);
      const below = relativeNames(name.bytes);
      return above.length <= below.length && above.every((one, index) => one.equals(below[index] ?? Buffer.of()));
    }
    case 'other':
      return false;
  }
}

/** For DNS a constraint covers the host and everything below it; with a leading dot only what is below. */
function isHostWithin(host: string, base: string): boolean {
  const name = host.toLowerCase();
  if (base === '' || base.startsWith('.')) return name.endsWith(base);
  return name === base || name.endsWith(`.${base}`);
}

/** For mail and URIs a constraint is one host; with a leading dot it covers what is below. */
function isHostOrBelow(host: string, base: string): boolean {
  const name = host.toLowerCase();
  if (name === '') return false;
  return base.startsWith('.') || base === '' ? name.endsWith(base) : name === base;
}

/** A URI without a host, or with an address for one, is within nothing. */
function uriHost(uri: string): string {
  const [, authority = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri) ?? [];
  const host = authority.replace(/^.*@/, '').replace(/:\d*$/, '');
  return /^[\d.]+$|^\[/.test(host) ? '' : host;
}

function isAddressWithin(address: Buffer, subtree: Buffer): boolean {
  if (subtree.length !== address.length * 2) return false;
  return address.every((octet, index) => {
    const mask = subtree[address.length + index] ?? 0;
    return (octet & mask) === ((subtree[index] ?? 0) & mask);
  });
}
