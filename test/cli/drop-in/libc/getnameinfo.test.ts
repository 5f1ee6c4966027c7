import { describe, expect, it } from 'vitest';
import { getnameinfo } from '../../../../src/cli/drop-in/libc/getnameinfo.ts';
import { systemError } from '../../../helpers/system-error.ts';

const failing = (code: string) => (): Promise<string> => Promise.reject(systemError(code));

describe('getnameinfo', () => {
  it('gives the name, the address where there is none, and nothing where nobody could be asked', async () => {
    expect(await getnameinfo('10.0.0.1', () => Promise.resolve('node1'))).toBe('node1');
    expect(await getnameinfo('10.0.0.1', failing('ENOTFOUND'))).toBe('10.0.0.1');
    expect(await getnameinfo('10.0.0.1', failing('EAI_AGAIN'))).toBeUndefined();
  });

  it('asks the system', async () => {
    expect(await getnameinfo('127.0.0.1')).toMatch(/^(?:localhost.*|127\.0\.0\.1)$/);
    expect(await getnameinfo('no address')).toBeUndefined();
  });
});
