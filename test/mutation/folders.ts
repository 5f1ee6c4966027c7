/**
 * Tests of other folders that are a folder's unit tests, too: beside those that mirror it. Of a folder in a folder, what stands here of the
 * outer one is run if nothing stands here of itself.
 */
const MORE: Readonly<Record<string, readonly string[]>> = {
  ipc: ['test/faults-fake'],
  // Which files are trusted is seen where they are opened, and what transports do alike, at one of them. The faults of all services take longer than all other tests together.
  'ipc/.': [
    'test/ipc/shared-memory/ring-file.test.ts',
    'test/ipc/shared-memory/ring-transport.test.ts',
    ...['closing', 'connecting', 'events', 'given-up', 'responses'].map(
      (name) => `test/faults-fake/${name}.test.ts`,
    ),
  ],
  'ipc/turns': [],
  // Whoever takes turns does so among the copies.
  'ipc/copies': ['test/ipc/turns'],
  // A call's life is seen where calls are made.
  'ipc/calls': [
    'test/ipc/ipc-connection.test.ts',
    'test/ipc/answers.test.ts',
    'test/ipc/shared-memory/ring-pipeline*.test.ts',
    'test/ipc/datagram/datagram-pipeline.test.ts',
  ],
  // Who waits for a turn, and what outlives its user, is seen on connections.
  'ipc/shared-memory': [
    'test/ipc/ipc-connection.test.ts',
    'test/ipc/hidden-connection.test.ts',
    'test/ipc/turns/batch-turn.test.ts',
  ],
  service: [
    'test/cmap/connect-options.test.ts',
    'test/cmap/cmap-client.test.ts',
    'test/cfg/shutdown-tracking.test.ts',
  ],
  session: ['test/cmap/cmap-session.test.ts', 'test/cmap/session-ending.test.ts'],
  cmap: ['test/cmap/cmap-client.test.ts'],
  'cmap/following': ['test/cmap/cmap-session.test.ts'],
};

/** The unit tests that a folder of src stands or falls by, as vitest's `include`. */
export function testsOf(folder: string): string[] {
  const [top = ''] = folder.split('/');
  const more = MORE[folder] ?? MORE[top] ?? [];
  const own = folder.endsWith('/.') ? `test/${top}/*.test.ts` : `test/${folder}`;
  return [own, ...more].map((place) => (place.endsWith('.ts') ? place : `${place}/**/*.test.ts`));
}
