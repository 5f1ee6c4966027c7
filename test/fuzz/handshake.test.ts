import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { parameters, timeLimitMs } from '../properties/parameters.ts';
import { HostileCorosync, WORDS, type Greeting } from './hostile-corosync.ts';
import { headerWord } from './mutations.ts';
import { inBoundedMemory, isOurs, UnhandledErrors } from './oracle.ts';

const SIZE = 12_328;
/** The fields before the paths, and the places where paths begin. */
const DECISIVE = [0, 8, 16, 24, 25, 28, 29, 30, 31, 32, 40, 45, 4136, 4140, 8232, 8240];

const damagedAnswer = fc.oneof(
  fc
    .array(
      fc.tuple(fc.oneof(fc.constantFrom(...DECISIVE), fc.nat({ max: SIZE - 1 })), fc.nat({ max: 255 })),
      {
        maxLength: 3,
      },
    )
    .map((changes) => (honest: Buffer) => {
      for (const [at, byte] of changes) honest[at] = byte;
      return honest;
    }),
  fc.nat({ max: SIZE - 1 }).map((length) => (honest: Buffer) => honest.subarray(0, length)),
  fc
    .uint8Array({ minLength: 1, maxLength: 40 })
    .map((more) => (honest: Buffer) => Buffer.concat([honest, more])),
  fc.uint8Array({ maxLength: 200 }).map((noise) => () => Buffer.from(noise)),
);

const CHANNELS = ['request', 'response', 'event'] as const;
/** Damage to one ring file before the client sees it. */
const damagedFile = fc.record({
  channel: fc.constantFrom(...CHANNELS),
  file: fc.constantFrom('header' as const, 'data' as const),
  damage: fc.oneof(
    fc.record({
      kind: fc.constant('word' as const),
      at: fc.constantFrom(0, 4, 8, 8204, 8208, 8240),
      to: headerWord(WORDS),
    }),
    fc.record({ kind: fc.constant('byte' as const), at: fc.nat({ max: 8251 }), to: fc.nat({ max: 255 }) }),
    fc.record({ kind: fc.constant('cut' as const), length: fc.nat({ max: WORDS * 4 }) }),
    fc.record({
      kind: fc.constantFrom('remove' as const, 'link' as const, 'directory' as const, 'mode' as const),
    }),
  ),
});
type DamagedFile = typeof damagedFile extends fc.Arbitrary<infer T> ? T : never;

function damageFile(directory: string, { channel, file, damage }: DamagedFile): void {
  const path = join(directory, `qb-${channel}-cmap-${file}`);
  const patch = (bytes: Buffer, at: number): void => {
    const fd = fs.openSync(path, 'r+');
    fs.writeSync(fd, bytes, 0, bytes.length, at);
    fs.closeSync(fd);
  };
  switch (damage.kind) {
    case 'word': {
      const word = Buffer.alloc(4);
      word.writeUInt32LE(damage.to);
      return patch(word, damage.at);
    }
    case 'byte':
      return patch(Buffer.of(damage.to), damage.at);
    case 'cut':
      return fs.truncateSync(path, damage.length);
    case 'remove':
      return fs.rmSync(path);
    case 'link':
      fs.renameSync(path, `${path}.real`);
      return fs.symlinkSync(`${path}.real`, path);
    case 'directory':
      fs.rmSync(path);
      return fs.mkdirSync(path);
    case 'mode':
      return fs.chmodSync(path, 0o644);
  }
}

const greeting: fc.Arbitrary<Greeting> = fc
  .record({
    answer: fc.option(damagedAnswer, { nil: (honest: Buffer) => honest }),
    cuts: fc.array(fc.nat({ max: SIZE }), { maxLength: 4 }),
    files: fc.uniqueArray(damagedFile, { maxLength: 2, selector: ({ channel, file }) => channel + file }),
    hangUp: fc.boolean(),
  })
  .map(({ files, ...rest }) => ({
    ...rest,
    prepare: (directory) => {
      for (const file of files) damageFile(directory, file);
    },
  }));

const descriptors = (): number => fs.readdirSync('/proc/self/fd').length;

describe('whatever greets a client', () => {
  it(
    'it connects, or says with an error of ours why not, and leaves nothing open',
    async () => {
      using unhandled = new UnhandledErrors();
      await fc.assert(
        fc.asyncProperty(greeting, async (given) => {
          const before = descriptors();
          {
            await using server = await HostileCorosync.start(() => [], given);
            await inBoundedMemory(() => connectAndCall(server));
            await waitUntil(
              'the client has closed its socket',
              () => {
                // Who has given up keeps it until the answer is whole.
                server.setup.sendAll(Buffer.alloc(SIZE));
                return server.setup.open === 0;
              },
              { everyMs: 0 },
            );
          }
          // A turn ends a moment after what was given up in it, and with it what other copies of the library are told.
          await waitUntil('nothing is left open', () => descriptors() <= before, { everyMs: 1 });
        }),
        parameters(200),
      );
      unhandled.check();
    },
    timeLimitMs(60_000),
  );
});

async function connectAndCall(server: HostileCorosync): Promise<void> {
  try {
    const client = await CmapClient.connect({ ...server.options, timeoutMs: 10 });
    await client.get('fuzz.key').catch((error: unknown) => expect(isOurs(error)).toBe(true));
    client.destroy();
  } catch (error) {
    if (!isOurs(error)) throw error;
  }
}
