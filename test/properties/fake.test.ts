import fc from 'fast-check';
import { describe, it } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { steps } from './commands.ts';
import { parameters, timeLimitMs } from './parameters.ts';
import { takeSteps } from './world.ts';

describe('any sequence of calls on the fake corosync', () => {
  it(
    'gives the answers and notifications of the model',
    async () => {
      await using fake = await FakeCorosync.start();
      const target = {
        connect: (options = {}) => CmapClient.connect({ ...fake.connectOptions, ...options }),
        pause: () => fake.pause(),
        resume: () => fake.resume(),
      };
      await fc.assert(
        fc.asyncProperty(steps, (list) => takeSteps(target, list)),
        parameters(80),
      );
    },
    timeLimitMs(60_000),
  );
});
