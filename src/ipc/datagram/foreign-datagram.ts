import { ConnectionError } from '../../errors/index.ts';

/** More has come than corosync has sent, and it cannot be told which of it is forged. */
export function foreignDatagram(): ConnectionError {
  return new ConnectionError('CS_ERR_SECURITY', {
    operation: 'connection',
    detail:
      'another process of this machine has written to the socket of this connection, so that answers and events can no longer be told ' +
      'from forged ones; shared memory (`system { qb_ipc_type: shm }`, the default) cannot be disturbed like this',
  });
}
