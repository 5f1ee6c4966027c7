import { CsError } from '../errors/index.ts';

const KEY = 'runtime.force_gather';

/**
 * corosync reads this key as text when it changes, and where it is none it frees a pointer that it has never set (exec/main.c,
 * force_gather_notify_fn; seen on 3.1.7: a crash with datagram sockets, luck with shared memory).
 * @param type of the value that the key is to have; undefined if it is to be deleted
 */
export function checkForceGather(operation: string, key: string, type: string | undefined): void {
  if (key !== KEY || type === 'string') return;
  throw new CsError('CS_ERR_INVALID_PARAM', {
    operation,
    key,
    detail: 'this key must stay a string: corosync can crash otherwise',
  });
}
