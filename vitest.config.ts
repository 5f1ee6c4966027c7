import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// What a file is transformed to is kept in node_modules: each file of integration tests has a vitest of its own, which would do it again.
const experimental = { fsModuleCache: true };

export default defineConfig({
  test: {
    experimental,
    // Most tests wait most of the time.
    maxWorkers: 2 * availableParallelism(),
    projects: [
      {
        test: {
          experimental,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/integration/**', 'test/cluster/**'],
          // A busy machine is no failure.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          experimental,
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          // One network namespace holds one corosync (its sockets have fixed abstract names).
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          experimental,
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          // Three corosyncs at a time are enough for a small machine.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
