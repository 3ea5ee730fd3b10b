import { resolve } from 'node:path';
import { SluiceError } from '../base/index.js';
import type { Ref } from '../hubs/index.js';
import type { ViewKind } from '../store/index.js';
import type { PullRequest, PullSettings } from './port.js';

export interface Target {
  readonly view: ViewKind;
  /** Absolute. */
  readonly root: string;
}

/** Where a pull shows its files: what was asked for, else where the loaders of that hub look. */
export function chooseTarget(ref: Ref, request: PullRequest, settings: PullSettings): Target {
  const view = request.view ?? (request.to === undefined ? usualView(ref) : 'flat');
  if (request.to !== undefined) return { view, root: resolve(request.to) };
  switch (view) {
    case 'hf':
      return { view, root: resolve(settings.hfCache) };
    case 'modelscope':
      return { view, root: resolve(settings.msCache) };
    case 'modelscope-legacy':
      return { view, root: resolve(settings.msLegacyCache) };
    case 'repository':
      return { view, root: resolve(settings.home, 'repository') };
    case 'flat':
      if (ref.origin === 'https') return { view, root: process.cwd() };
      throw new SluiceError('USAGE', { reason: 'A flat view needs a folder: add --to DIR.' });
  }
}

function usualView(ref: Ref): ViewKind {
  return ref.origin === 'hf' ? 'hf' : ref.origin === 'ms' ? 'modelscope' : 'flat';
}
