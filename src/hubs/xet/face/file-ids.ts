import type { ManifestFile } from '../../port.js';
import { fileIdOf } from './layout.js';

export interface Indexed {
  readonly byId: ReadonlyMap<string, ManifestFile>;
  readonly byPath: ReadonlyMap<string, ManifestFile>;
}

/** The files of listings by their ids, made once for each listing. */
export class FileIds {
  readonly #made = new WeakMap<readonly ManifestFile[], Indexed>();

  of(files: readonly ManifestFile[]): Indexed {
    const known = this.#made.get(files);
    if (known !== undefined) return known;
    const listed = files.flatMap((file) => {
      const id = fileIdOf(file);
      return id === undefined ? [] : [[id, file] as const];
    });
    const made = { byId: new Map(listed), byPath: new Map(listed.map(([, file]) => [file.path, file])) };
    this.#made.set(files, made);
    return made;
  }
}
