import { describe, expect, it } from 'vitest';
import { resolveConnectOptions, type ConnectOptions } from '../../src/service/connect-options.ts';
import type { IpcOptions } from '../../src/ipc/index.ts';

const SERVICE = {
  name: 'cfg',
  reads: new Set<number>(),
  operation: 'corosync_cfg_initialize',
  bufferSize: 65_536,
} as const;
const resolve = (options: ConnectOptions): IpcOptions => resolveConnectOptions(options, SERVICE);

describe('the options of connecting', () => {
  it('bound the rings from 64 KiB to 16 MiB', () => {
    const invalid: unknown = expect.objectContaining({
      code: 'CS_ERR_INVALID_PARAM',
      operation: SERVICE.operation,
    });
    for (const bufferSize of [65_535, 16_777_217]) expect(() => resolve({ bufferSize })).toThrow(invalid);
    for (const bufferSize of [65_536, 16_777_216])
      expect(resolve({ bufferSize })).toMatchObject({ bufferSize });
  });

  it('name a directory however many slashes end it', () => {
    const directories = ['/run', '/run/', '/run//'].map((socketDirectory) =>
      resolve({ socketDirectory, sharedMemoryDirectory: socketDirectory }),
    );
    expect(directories).toMatchObject(
      Array(3).fill({ socketDirectory: '/run', sharedMemoryDirectory: '/run' }),
    );
  });
});
