import { asObject, asString, field } from '../fields.js';

/** Whether the bytes say that they are a manifest or an index, of any version; a proxy's page for people is none, whatever its status. */
export function isImageManifest(bytes: Buffer): boolean {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return false;
  }
  const manifest = asObject(value);
  const version = field(manifest, 'schemaVersion');
  // Artifacts of OCI 1.1's drafts have no version.
  return version === 1 || version === 2 || asString(field(manifest, 'mediaType'))?.includes('/vnd.') === true;
}
