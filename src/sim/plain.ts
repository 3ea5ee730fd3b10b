import { decode, textAnswer, type Answer, type SimRequest } from './answer.js';
import { sha256Of, toContent } from './content.js';
import type { SimFiles } from './repository.js';
import type { HubState, SimFolder } from './state.js';

const LISTS = new Set(['SHA256SUMS', 'checksums.sha256']);
const LAST_MODIFIED = new Date(Date.UTC(2026, 0, 1));

export function makeFolder(files: SimFiles): SimFolder {
  const contents = Object.entries(files).map(([path, value]) => [path, toContent(value)] as const);
  return { files: new Map(contents), lastModified: LAST_MODIFIED };
}

/** `/files/<folder>/<path>`: plain files, and their checksums under the names that people give such lists. */
export function answerPlain(request: SimRequest, state: HubState): Answer | undefined {
  const match = /^\/files\/([^/]+)\/(.+)$/.exec(request.rawPath);
  if (match === null) return undefined;
  const folder = state.folders.get(decode(match[1] ?? ''));
  const path = decode(match[2] ?? '');
  if (folder === undefined) return textAnswer('plain', 404, 'Not Found\n');
  const content = folder.files.get(path);
  if (content !== undefined) {
    return {
      kind: 'plain',
      status: 200,
      headers: {
        'content-type': 'application/octet-stream',
        'accept-ranges': 'bytes',
        'last-modified': folder.lastModified.toUTCString(),
        etag: `"${sha256Of(content).slice(0, 16)}-${content.sizeBytes.toString(16)}"`,
      },
      body: content,
      isFile: true,
      path,
    };
  }
  if (!LISTS.has(path)) return textAnswer('plain', 404, 'Not Found\n');
  return textAnswer('checksums', 200, checksumList(folder));
}

/** As `sha256sum` writes it. */
function checksumList(folder: SimFolder): string {
  return [...folder.files].map(([path, content]) => `${sha256Of(content)}  ${path}\n`).join('');
}
