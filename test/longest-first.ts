import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** They wait nearly all the time, for lines and clocks: begun first, they leave the processors to the rooms. */
const WAITING = ['doctor-causes-hub', 'doctor-causes-line', 'doctor-path'];
/** The longest of the others, so that none of them is alone at the end. A fresh clone knows only sizes, and these are not the largest. */
const LONG = [
  ...[
    'serve-faults',
    'serve-matrix',
    'serve-killed',
    'serve-crowd',
    'resume',
    'doctor-causes-names',
    'doctor',
    'serve-xet',
  ],
  ...[
    'doctor-route',
    'serve-upstreams',
    'faults-that-pass',
    'faults-that-stay',
    'many-hubs',
    'serve-bombs',
    'xet',
    'interrupted-work',
  ],
  ...[
    'small-files',
    'serve-sites',
    'serve-copied',
    'limit',
    'serve-names',
    'streams',
    'kill-landing',
    'piece-manifest',
  ],
];

/** What waits, then the rooms, which share processes only while nothing stands between them, then the longest of the rest. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const root = this.ctx.config.root;
    const rankOf = ({ moduleId, project }: TestSpecification): number => {
      if (!project.config.isolate) return WAITING.length;
      const name = relative(root, moduleId).replace(/^test\/e2e\/|\.test\.ts$/g, '');
      const waiting = WAITING.indexOf(name);
      if (waiting >= 0) return waiting;
      const long = LONG.indexOf(name);
      return WAITING.length + 1 + (long < 0 ? LONG.length : long);
    };
    const sorted = await super.sort(files);
    return sorted.sort((one, other) => rankOf(one) - rankOf(other));
  }
}
