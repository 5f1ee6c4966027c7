import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { errnoToCsError, systemErrorToCsError } from '../../src/errors/index.ts';

/** qb_to_cs_error of corosync's common_lib, one line for each case. */
const QB_TO_CS_ERROR = {
  EBADF: 'CS_ERR_BAD_HANDLE',
  ENOMEM: 'CS_ERR_NO_MEMORY',
  ENOMSG: 'CS_ERR_TRY_AGAIN',
  ENOBUFS: 'CS_ERR_TRY_AGAIN',
  ETIMEDOUT: 'CS_ERR_TRY_AGAIN',
  EAGAIN: 'CS_ERR_TRY_AGAIN',
  ETIME: 'CS_ERR_TIMEOUT',
  EINVAL: 'CS_ERR_INVALID_PARAM',
  EBUSY: 'CS_ERR_BUSY',
  EACCES: 'CS_ERR_ACCESS',
  EOVERFLOW: 'CS_ERR_NAME_TOO_LONG',
  EEXIST: 'CS_ERR_EXIST',
  ENOSPC: 'CS_ERR_NO_SPACE',
  EINTR: 'CS_ERR_INTERRUPT',
  ENOENT: 'CS_ERR_NOT_EXIST',
  ENODEV: 'CS_ERR_NOT_EXIST',
  ENOSYS: 'CS_ERR_NOT_SUPPORTED',
  ENOTSUP: 'CS_ERR_NOT_SUPPORTED',
  EBADMSG: 'CS_ERR_MESSAGE_ERROR',
  EMSGSIZE: 'CS_ERR_TOO_BIG',
  E2BIG: 'CS_ERR_TOO_BIG',
  ECONNREFUSED: 'CS_ERR_LIBRARY',
  ENOTCONN: 'CS_ERR_LIBRARY',
} as const;

const names = Object.keys(QB_TO_CS_ERROR) as (keyof typeof QB_TO_CS_ERROR)[];

function systemError(code: unknown): Error {
  return Object.assign(new Error('system'), { code });
}

describe('errno', () => {
  it.each(names)('%s from libqb is what qb_to_cs_error makes of it', (name) => {
    expect(errnoToCsError(-constants.errno[name])).toEqual({ errno: name, code: QB_TO_CS_ERROR[name] });
  });

  it.each(names)('%s from Node is the same', (name) => {
    expect(systemErrorToCsError(systemError(name))).toEqual({ errno: name, code: QB_TO_CS_ERROR[name] });
  });

  it('EBADE, which Node does not know, is CS_ERR_FAILED_OPERATION', () => {
    expect(errnoToCsError(-52)).toEqual({ errno: 'EBADE', code: 'CS_ERR_FAILED_OPERATION' });
  });

  it('EMFILE is named, though it is CS_ERR_LIBRARY as any other', () => {
    expect(errnoToCsError(-constants.errno.EMFILE)).toEqual({ errno: 'EMFILE', code: 'CS_ERR_LIBRARY' });
  });

  it.each([1, 3, 5, 133, 4095])(
    '%d, which is not in the table, is CS_ERR_LIBRARY and keeps its number',
    (errno) => {
      expect(errnoToCsError(-errno)).toEqual({ errno: `errno ${errno}`, code: 'CS_ERR_LIBRARY' });
    },
  );

  it('an unknown system error is CS_ERR_LIBRARY and keeps its name', () => {
    expect(systemErrorToCsError(systemError('EWHATEVER'))).toEqual({
      errno: 'EWHATEVER',
      code: 'CS_ERR_LIBRARY',
    });
  });

  it.each([new Error('plain'), systemError(5), 'ENOENT', undefined, null, { code: 'ENOENT' }])(
    '%o is no system error',
    (error) => {
      expect(systemErrorToCsError(error)).toEqual({ errno: undefined, code: 'CS_ERR_LIBRARY' });
    },
  );
});
