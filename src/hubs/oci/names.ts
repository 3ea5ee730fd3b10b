/** A repository of a registry, e.g. `library/ubuntu`; also as long a name as Ollama gives. */
const REPOSITORY = /^[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*(?:\/[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*)*$/;
const MAX_REPOSITORY_LENGTH = 255;

/** Whether the text can be the name of a repository (OCI distribution 1.1, "Pulling manifests"). */
export function isRepositoryName(text: string): boolean {
  return text.length <= MAX_REPOSITORY_LENGTH && REPOSITORY.test(text);
}

export function isTag(text: string): boolean {
  return /^\w[\w.-]{0,127}$/.test(text);
}

/** The hexadecimal part of a `sha256:` digest. Other algorithms are not spoken by any registry of models. */
export function parseDigest(text: string | undefined): string | undefined {
  return /^sha256:([0-9a-f]{64})$/.exec(text ?? '')?.[1];
}

/** `host`, `host:port`: what names a registry. */
export function isRegistryHost(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::\d{1,5})?$/i.test(text) && !text.includes('..');
}
