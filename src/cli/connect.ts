import type { CliApi } from './api.js';

/** Loads the rooms that the commands work with; `--help` and usage errors never come here. */
export async function connect(): Promise<CliApi> {
  const rooms = await import('../pull/index.js');
  return {
    ...rooms,
    measureSources: async (ref, extra, context) =>
      (await import('../doctor/index.js')).measureSources(ref, extra, context),
    examine: async (subject, context) => (await import('../doctor/index.js')).examine(subject, context),
    proposeRemedy: async (...given) => (await import('../doctor/index.js')).proposeRemedy(...given),
    applyRemedy: async (...given) => (await import('../doctor/index.js')).applyRemedy(...given),
    undoRemedy: async (...given) => (await import('../doctor/index.js')).undoRemedy(...given),
    listRemedies: async (home) => (await import('../doctor/index.js')).listRemedies(home),
    cleanUp: async (...given) => (await import('../doctor/index.js')).cleanUp(...given),
    sealFile: async (...given) => (await import('../proof/index.js')).sealFile(...given),
    unsealFile: async (...given) => (await import('../proof/index.js')).unsealFile(...given),
    rewrapFile: async (...given) => (await import('../proof/index.js')).rewrapFile(...given),
    readSealKey: async (...given) => (await import('../proof/index.js')).readSealKey(...given),
    readSealTarget: async (...given) => (await import('../proof/index.js')).readSealTarget(...given),
    readPassphrase: async (...given) => (await import('../proof/index.js')).readPassphrase(...given),
    serve: async (options, context) => (await import('../server/index.js')).serve(options, context),
    checkServe: async (context) => (await import('../server/index.js')).checkServe(context),
    openTokenBook: async (home) => (await import('../server/index.js')).openTokenBook(home),
    hashPassword: async (password) => (await import('../server/index.js')).hashPassword(password),
    demo: async (options, context) => (await import('./commands/demo-story.js')).demoStory(options, context),
  };
}
