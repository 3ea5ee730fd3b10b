// The floors of the house (docs/ARCHITECTURE.md): imports go down, rooms are entered by their door.
const floors = [
  ['cli'],
  ['server', 'fleet'],
  ['pull', 'mirror', 'registry', 'admission', 'doctor'],
  ['transfer', 'scan', 'delta'],
  ['hubs', 'store', 'proof', 'audit', 'db'],
  ['net'],
  ['base'],
];
const rooms = floors.flat();
const group = (names) => `(${names.join('|')})`;
const testFiles = '(\\.test\\.ts$|/testing/)';

/** A floor may not import from any floor above it. */
const noClimbing = floors.slice(1).map((floor, index) => ({
  name: `floor-${floor.join('-')}`,
  comment: 'Imports go down the floors, never up.',
  severity: 'error',
  from: { path: `^src/${group(floor)}/`, pathNot: testFiles },
  to: { path: `^src/${group(floors.slice(0, index + 1).flat())}/` },
}));

module.exports = {
  forbidden: [
    ...noClimbing,
    {
      name: 'by-the-door',
      comment: 'Other rooms come in only by index.ts.',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: testFiles },
      to: { path: `^src/${group(rooms)}/.+`, pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
    },
    {
      name: 'sim-is-independent',
      comment: 'The simulator shares no protocol code with the clients, or a common mistake would cancel out.',
      severity: 'error',
      from: { path: '^src/sim/', pathNot: testFiles },
      to: { path: `^src/${group(rooms.filter((room) => room !== 'base'))}/` },
    },
    {
      name: 'sim-stays-out',
      comment: 'Only tests, benchmarks and `sluice demo` use the simulator.',
      severity: 'error',
      from: { path: '^src/', pathNot: [testFiles, '^src/sim/', '^src/cli/commands/demo'] },
      to: { path: '^src/sim/' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'not-to-dev-dep',
      severity: 'error',
      from: { path: '^src/', pathNot: testFiles },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
