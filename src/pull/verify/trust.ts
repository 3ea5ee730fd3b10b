import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SluiceError } from '../../base/index.js';
import { judge, readTrustPolicy, ruleFor, type Judgement } from '../../proof/index.js';
import { parseRef, repositoryPath } from '../../hubs/index.js';
import { openStore } from '../../store/index.js';
import { HOLDINGS, type Holding } from '../holdings.js';
import { listKept } from '../kept.js';
import { matchesRef } from '../models.js';
import type { PullContext } from '../port.js';
import { folderCandidates, readSignatures, type SignedFolder } from './signed-folder.js';
import { responderAnswers } from './responder-answers.js';
import { imageCandidates } from './signed-image.js';
import { looksLikePath } from './looks-like-path.js';

export interface TrustRequest {
  /** A ref that is held here, a folder, a file, or `oci:host/repository:tag`. */
  readonly subject: string;
  /** Path of the policy. */
  readonly policy: string;
  /** Paths of signatures; without any they are looked for in and beside the subject. */
  readonly signatures: readonly string[];
  /** What the subject is, for the scopes of the policy; by default its ref, or `file:` and its path. */
  readonly as?: string;
  /** Paths within it that may be there unsigned: told, and refused or not as the policy says of such files. */
  readonly ignore?: readonly string[];
  readonly nowMs: number;
  /** Says where accounts for registries are kept. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Who signed a model, and what the policy makes of it. */
export interface TrustReport extends Judgement {
  readonly subject: string;
  /** What the rules were asked about. */
  readonly scope: string;
  readonly rule: string;
  readonly level: string;
  readonly policy: string;
  readonly policyDigest: string;
}

/**
 * Asks a trust policy about a model. The verdict is in the report; `refusalOf` makes an error of it.
 * @throws SluiceError BAD_TRUST_POLICY, NO_TRUST_RULE, NOT_HERE
 */
export async function verifyTrust(request: TrustRequest, context: PullContext): Promise<TrustReport> {
  const policy = await readTrustPolicy(request.policy);
  const { subject, signal } = { ...request, ...context };
  const isImage = subject.startsWith('oci:');
  const held = !isImage && !(await looksLikePath(subject)) ? await heldModel(subject, context) : undefined;
  const scope = request.as ?? scopeOf(subject, isImage, held);
  const rule = ruleFor(policy, scope);
  if (rule === undefined) throw new SluiceError('NO_TRUST_RULE', { path: policy.path, subject: scope });
  const about = {
    subject,
    scope,
    rule: rule.name,
    level: rule.level,
    policy: policy.path,
    policyDigest: policy.digest,
  };
  if (rule.level === 'skip') return { ...about, ...(await judge(rule, [], request.nowMs)) };
  const candidates = isImage
    ? await imageCandidates(subject, request.nowMs, request.env, context)
    : await folderCandidates(
        { ...(held ?? (await folderAt(resolve(subject)))), ignored: request.ignore ?? [] },
        await readSignatures(request.signatures),
        signal,
      );
  return { ...about, ...(await judge(rule, candidates, request.nowMs, responderAnswers(context))) };
}

function scopeOf(subject: string, isImage: boolean, held: SignedFolder | undefined): string {
  if (isImage) return subject.replace(/@sha256:[0-9a-f]{64}$/, '').replace(/:[\w][\w.-]*$/, '');
  return held?.scope ?? `file:${resolve(subject)}`;
}

async function folderAt(path: string): Promise<SignedFolder> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new SluiceError('NOT_HERE', { ref: path });
  return {
    root: path,
    isFile: found.isFile(),
    held: undefined,
    scope: undefined,
    folder: found.isFile() ? dirname(path) : path,
  };
}

/** The newest of what is held of a ref. Its blobs were named by their digests when they came; they are hashed again. */
async function heldModel(subject: string, context: PullContext): Promise<SignedFolder> {
  const store = await openStore(context.settings.home);
  const { found } = await listKept(store, HOLDINGS);
  const holding = found
    .map(({ value }) => value)
    .filter((value) => matchesRef(value, subject) && value.state === 'complete')
    .sort((a, b) => b.pulledAtMs - a.pulledAtMs)[0];
  if (holding === undefined) throw new SluiceError('NOT_HERE', { ref: subject });
  const held = holding.files.flatMap(({ path, sha256, sizeBytes }) =>
    sha256 === undefined
      ? []
      : [{ name: path, path: store.blobPath(sha256), sizeBytes: sizeBytes ?? 0, isLink: false }],
  );
  return { root: holding.path, folder: holding.path, isFile: false, held, scope: bareRef(holding) };
}

/** The ref without its revision: rules are about repositories. */
function bareRef({ ref }: Holding): string {
  const parsed = parseRef(ref);
  return parsed.origin === 'https' ? ref : `${parsed.origin}:${repositoryPath(parsed)}`;
}
