/** What nothing imports any more: files, exports, dependencies. `npm run lint:dead` */
export default {
  entry: [
    'src/index.ts',
    'src/testing/index.ts',
    'src/cli/{main,*-main}.ts',
    'test/**/*.test.ts',
    'test/helpers/**/*-main.ts',
    'test/matrix/{run,smoke}.ts',
    'test/mutation/{report.ts,threads.ts,vitest.config.ts,*.mjs}',
    'test/package/*',
    'bench/{main,check-options}.ts',
    'bench/peers/*',
    'soak/{main,worker}.ts',
    'scripts/**',
  ],
  project: ['{src,test,bench,soak,scripts}/**/*.{ts,js,mjs}'],
  // A type that another export is made of is there for readers.
  ignoreExportsUsedInFile: { interface: true, type: true },
  // The builders of messages are found by their names, which the golden files hold.
  ignoreIssues: {
    'test/helpers/wire/*-messages.ts': ['exports', 'types'],
    'src/testing/faults/request-names.ts': ['exports'],
  },
  exclude: ['nsExports', 'nsTypes'],
  ignoreBinaries: ['.*'],
  // What shell scripts and configurations name; unix-dgram is compiled where it can be.
  ignoreDependencies: ['@arethetypeswrong/cli', '@stryker-mutator/.*', 'publint', 'unix-dgram'],
};
