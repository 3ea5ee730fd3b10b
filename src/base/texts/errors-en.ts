import type { ErrorCode } from '../errors.js';
import type { ErrorText } from './index.js';

export const errorsEn: Record<ErrorCode, ErrorText> = {
  INTERNAL: {
    what: 'Something in Sluice went wrong[: {reason}].',
    remedy: 'This is a fault of ours; please report it with the command you ran.',
  },

  USAGE: { what: '{reason}', remedy: 'Run `sluice --help`, or `sluice <command> --help`.' },
  BAD_REF: {
    what: '"{ref}" is not a ref[: {reason}].',
    remedy: 'Write hf:org/name, hf:datasets/org/name, ms:org/name or https://…, with @revision if you want one.',
  },
  BAD_SETTING: {
    what: 'The setting {key} cannot be used[ with "{value}"][ ({where})][: {reason}].',
    remedy: '`sluice config` shows every setting, its value and where it came from.',
  },
  BAD_TRUST_POLICY: {
    what: 'The trust policy {path} cannot be used[: line {line}][: {field}] {reason}.',
    remedy: 'docs/FORMATS.md shows what it may say. Nothing was checked.',
  },
  BAD_KEY: {
    what: 'The key {path} cannot be used: {reason}.',
    remedy: '`sluice keys make NAME` makes a pair.',
  },

  REPOSITORY_NOT_FOUND: {
    what: '{host} has no repository {repository}, or hides it from this caller.',
    remedy: 'Check the name; for a private repository give a token (HF_TOKEN, MODELSCOPE_API_TOKEN or --token).',
  },
  REVISION_NOT_FOUND: {
    what: '{repository} on {host} has no revision {revision}.',
    remedy: 'Check the branch, tag, commit or refs/pr/N.',
  },
  FILE_NOT_FOUND: { what: '{host} does not have {path}.', remedy: 'Check the path and the revision.' },
  NOTHING_MATCHED: {
    what: 'No file of {ref} matches the filters[ ({files} files in all)].',
    remedy: 'Patterns work as in `hf download`: * also crosses /, and a name ending in / means the whole folder.',
  },
  NOT_HERE: {
    what: '{ref} is not in the store, and the network may not be used (offline).',
    remedy: 'Pull it once without --offline and HF_HUB_OFFLINE.',
  },

  NO_SUCH_REMEDY: {
    what: 'No remedy[ {id}] is applied.',
    remedy: '`sluice doctor --remedies` lists those that are.',
  },

  UNAUTHORIZED: {
    what: '{host} did not accept the credentials[: {reason}].',
    remedy:
      'Check the token (HF_TOKEN, MODELSCOPE_API_TOKEN or --token; for a registry `docker login`): it may be expired or belong to another host.',
  },
  GATED: {
    what: '{repository} is gated on {host}[: {reason}].',
    remedy: 'Ask for access on its page, then pull with the token of the account that got it.',
  },
  FORBIDDEN: {
    what: '{host} refused access[ to {path}][: {reason}].',
    remedy: 'Check that the token has read rights here.',
  },
  WRONG_KEY: {
    what: '{path} cannot be opened with the keys at hand[: {reason}].',
    remedy: 'Give the key that it was sealed for with --key FILE, --key env:NAME or --key cmd:COMMAND.',
  },

  DIGEST_MISMATCH: {
    what: '{path} is not what was published: {algorithm} should be {expected}, is {actual}[ (from {source})].',
    remedy: 'Nothing wrong got its final name. Try again, or add another source with --source.',
  },
  SIZE_MISMATCH: {
    what: '{source} gives {path} with {actual} bytes instead of {expected}.',
    remedy: 'The source is out of step with the listing; pull again, or use another source.',
  },
  SOURCE_CHANGED: {
    what: '{path} changed on {source} while it was being pulled[: {reason}].',
    remedy: 'Pull again: the new version will be fetched.',
  },
  UNSAFE_PATH: {
    what: 'A listing names a path that is not safe to write: "{path}" ({reason}).',
    remedy: 'Nothing was written there. Do not trust this repository.',
  },
  BAD_MANIFEST: {
    what: '{host} gave a listing that makes no sense: {reason}.',
    remedy: 'Try another endpoint; if it stays, the hub is broken or hostile.',
  },
  CORRUPT_STORE: {
    what: '{count} of {total} files here are not what they should be.',
    remedy: '`sluice repair` fetches only what is wrong.',
  },
  BAD_SIGNATURE: {
    what: 'The signature of {subject} does not prove it[: {reason}].',
    remedy: 'Do not use these files. Fetch them again; if it stays, ask whoever published them.',
  },
  BROKEN_SEAL: {
    what: '{path} is not what was sealed: {reason}.',
    remedy: 'Nothing of it was used. Get the file again; if it stays, somebody changed it after it was sealed.',
  },

  UNSIGNED: {
    what: '{subject} is not signed, and the rule “{rule}” wants a signature.',
    remedy: 'Name the signature with --signature FILE, or ask the publisher for one.',
  },
  UNTRUSTED_SIGNER: {
    what: 'The rule “{rule}” does not accept what signed {subject}: {reason}.',
    remedy: 'If the signer is one you trust, add key or identity to the policy.',
  },
  NO_TRUST_RULE: {
    what: 'No rule of {path} covers {subject}.',
    remedy: 'Add a scope for it, or say with --as what it is.',
  },
  UNTRUSTED_KEY: {
    what: '{name} is not signed by a key that is trusted here[: {reason}].',
    remedy: 'If you know the key to be the right one, name it with --trust-key.',
  },

  NOT_CONVERTIBLE: {
    what: '{path} is not converted: {reason}.',
    remedy:
      'Only checkpoints of nothing but tensors, as torch.save writes state dicts, are converted. `sluice scan` tells what is inside.',
  },
  REFUSED: {
    what: '{what} is refused by the policy "{policy}": {value} ({rule}; allowed: {threshold})[, the first of {all} reasons].',
    remedy:
      'Nothing of it is shown.[ What is inside: `sluice scan {scanned}`.][ The rest without it: --exclude {file}.] If you know better: --allow {rule}.',
  },

  DNS: {
    what: 'The name {host} cannot be resolved[: {reason}].',
    remedy: 'Check the network and DNS; behind a proxy set HTTPS_PROXY.',
  },
  CONNECT: {
    what: 'No connection to {host}[: {reason}].',
    remedy: 'Check the network, the proxy (HTTPS_PROXY) and the endpoint.',
  },
  TLS: {
    what: 'No secure connection to {host}: {reason}.',
    remedy: 'Behind a company proxy give its CA with --ca FILE or NODE_EXTRA_CA_CERTS.',
  },
  PROXY: {
    what: 'The proxy {host} refused[: {reason}].',
    remedy: 'Check HTTPS_PROXY / --proxy and its credentials; NO_PROXY excludes hosts.',
  },
  RESET: {
    what: '{host} broke the connection[: {reason}].',
    remedy: 'What has arrived is kept; pull again to go on from there.',
  },
  STALLED: {
    what: '{host} sent nothing for {seconds} s.',
    remedy: 'What has arrived is kept; pull again, or add another source with --source.',
  },
  RATE_LIMITED: {
    what: '{host} limits how often it may be asked (429)[; it opens again in {seconds} s].',
    remedy: 'A token raises the limit on most hubs; or pull through a mirror.',
  },
  SERVER_ERROR: {
    what: '{host} answered {status}[: {reason}].',
    remedy: 'The server has a problem; try again later or use another source.',
  },
  EXPIRED: {
    what: 'The signed address on {host} is no longer valid ({status}).',
    remedy: 'Pull again; if it stays, check the clock of this machine.',
  },
  REDIRECTS: {
    what: '{host} redirects without end or to a place that may not be followed[: {reason}].',
    remedy: 'Use another endpoint.',
  },
  RANGE_REFUSED: { what: '{host} cannot serve the asked part of {path}[: {reason}].', remedy: 'Use another source.' },
  BAD_RESPONSE: {
    what: '{host} gave an answer that makes no sense: {reason}.',
    remedy: 'Something between here and the hub may be altering answers; try another endpoint.',
  },
  NO_PROGRESS: {
    what: '{path} got no further for {seconds} s. Last: {reason}',
    remedy: 'What has arrived is kept; pull again to go on from there.',
  },
  UNDECIDED: {
    what: 'Whether {path} may be had is not decided yet: it is still being looked at.',
    remedy: 'Ask again in a little while.',
  },
  OFFLINE: {
    what: 'The network is needed but switched off (offline).',
    remedy: 'Drop --offline, or unset HF_HUB_OFFLINE and SLUICE_OFFLINE.',
  },

  DISK_FULL: {
    what: 'Not enough room[ at {path}][: {needed} needed, {free} free][: {reason}].',
    remedy: '`sluice gc` shows what can be freed; SLUICE_HOME moves the store to another disk.',
  },
  NO_PERMISSION: {
    what: 'This user may not write[ {path}][: {reason}].',
    remedy:
      'Change its owner, or choose another place with SLUICE_HOME, HF_HOME or --to[; for what belongs to the system run the same command with {needsRoot}].',
  },
  VIEW_OBSTRUCTED: {
    what: 'Something stands where {path} should go: {reason}.',
    remedy: 'Move it away, or choose another folder (--to, --out)[; {force} replaces it].',
  },
  FILE_UNFIT: {
    what: '{path} is not touched: {reason}.',
    remedy: 'Nothing was changed. Put the file right, or edit it by hand.',
  },
  CHANGED_SINCE: {
    what: '{path} was changed by somebody else since.',
    remedy:
      'Look at the difference; undo later remedies first, or give back the earlier file with --undo[ {id}] --force.',
  },
  FILE_SYSTEM: { what: 'The file system refused[ {path}][: {reason}].', remedy: 'Check the disk and its mount.' },

  INTERRUPTED: { what: 'Interrupted; everything that arrived is kept.', remedy: 'Run the same command to go on.' },
};
