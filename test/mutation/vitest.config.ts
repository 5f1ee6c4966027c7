import { defineConfig } from 'vitest/config';
import { testsOf } from './folders.ts';
import { QuickFirst } from './quick-first.ts';

export default defineConfig({
  test: {
    include: testsOf(process.env.MUTATION_FOLDER ?? ''),
    // What these find, they find by chance.
    exclude: ['test/codec/fuzz.test.ts'],
    isolate: process.env.MUTATION_ISOLATE !== 'no',
    sequence: { sequencer: QuickFirst },
    setupFiles: ['test/mutation/threads.ts'],
    // Long beside what any of them takes, short beside a mutant that waits for ever.
    testTimeout: Number(process.env.MUTATION_TEST_MS ?? 30_000),
    hookTimeout: 10_000,
    teardownTimeout: 2_000,
  },
});
