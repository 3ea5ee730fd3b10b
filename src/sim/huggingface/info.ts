import { isTrue, jsonAnswer, type Answer } from '../answer.js';
import type { Commit, Repository } from '../repository.js';
import { pointerBytes } from './entries.js';

/** `GET /api/models/{repo}[/revision/{rev}]`. */
export function answerInfo(repository: Repository, commit: Commit, query: URLSearchParams): Answer {
  return jsonAnswer('info', repositoryInfo(repository, commit, isTrue(query.get('blobs'))), 200, {
    'x-repo-commit': commit.id,
  });
}

export function repositoryInfo(repository: Repository, commit: Commit, blobs: boolean): object {
  const { id, kind, spec } = repository;
  const files = [...commit.files.values()];
  const oldest = repository.commits.at(-1)?.date ?? commit.date;
  return {
    _id: '65f0c0ffee5150000000' + commit.id.slice(0, 4),
    id,
    ...(kind === 'model'
      ? { modelId: id, pipeline_tag: 'text-generation', library_name: 'transformers', config: {} }
      : {}),
    ...(id.includes('/') ? { author: id.split('/')[0] } : {}),
    sha: commit.id,
    lastModified: commit.date.toISOString(),
    createdAt: oldest.toISOString(),
    private: spec.private ?? false,
    gated: spec.gated === true ? 'auto' : false,
    disabled: false,
    downloads: 0,
    likes: 0,
    tags: ['license:apache-2.0'],
    cardData: {},
    usedStorage: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    siblings: files.map((file) => ({
      rfilename: file.path,
      ...(blobs ? { size: file.sizeBytes, blobId: file.oid } : {}),
      ...(blobs && file.isLfs
        ? { lfs: { sha256: file.sha256, size: file.sizeBytes, pointerSize: pointerBytes(file) } }
        : {}),
    })),
    ...(kind === 'model' ? { spaces: [] } : {}),
  };
}
