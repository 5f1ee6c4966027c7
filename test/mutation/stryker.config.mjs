/**
 * One folder of src against the unit tests that mirror it: `bash test/mutation/run.sh FOLDER`. What the figures say, and what survives, is
 * in README.md beside this file.
 */
const folder = process.env.MUTATION_FOLDER;
if (folder === undefined) throw new Error('MUTATION_FOLDER names a folder of src');
const results = `build/mutation/${folder.replaceAll('/', '-')}`;
/** `cmap/.` is what is in the folder itself, and in none below it. */
const sources = folder.endsWith('/.') ? `src/${folder.slice(0, -2)}/*.ts` : `src/${folder}/**/*.ts`;

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: [sources, '!src/**/*.d.ts'],
  plugins: ['@stryker-mutator/vitest-runner', './test/mutation/ignore-prose.mjs'],
  ignorers: ['prose'],
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  // Constants of a module are read once, so a mutant of one costs all tests in a fresh process.
  ignoreStatic: true,
  concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 1),
  incremental: true,
  incrementalFile: `${results}.incremental.json`,
  // Each hanging mutant costs as much, beyond what a test may take; a busy machine is no hanging mutant.
  timeoutMS: 2 * Number(process.env.MUTATION_TEST_MS ?? 30_000),
  // Of what the tests take together that reach it: a loop without end costs that much, too.
  timeoutFactor: 2,
  dryRunTimeoutMinutes: 10,
  reporters: ['json', 'clear-text', 'progress-append-only'],
  clearTextReporter: { allowColor: false, reportTests: false, reportMutants: false, skipFull: true },
  jsonReporter: { fileName: `${results}.json` },
  tempDirName: 'build/mutation/sandbox',
  ignorePatterns: ['build', 'dist', 'docs', 'docker', 'soak', '/bench', '.ci', '*.tgz'],
  allowEmpty: true,
  disableTypeChecks: false,
};
