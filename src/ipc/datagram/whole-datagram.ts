import { MessageReader } from '../../codec/message-reader.ts';
import { ConnectionError } from '../../errors/index.ts';
import { MAX_DATAGRAM } from './datagram-socket.ts';

/** Of the header that every message has: its own length, in bytes. */
const SIZE_OFFSET = 8;

/** The message of a datagram. @throws ConnectionError CS_ERR_TOO_BIG: the package has cut it off. */
export function wholeMessage(datagram: Buffer): MessageReader {
  const message = new MessageReader(datagram);
  if (datagram.length < MAX_DATAGRAM) return message;
  const size = message.i32(SIZE_OFFSET);
  if (size <= datagram.length) return message;
  throw new ConnectionError('CS_ERR_TOO_BIG', {
    operation: 'connection',
    detail:
      `corosync has sent a message of ${size} bytes, of which Node's packages for datagram sockets hand over ${datagram.length}; ` +
      'shared memory (`system { qb_ipc_type: shm }`, the default) has no such limit',
  });
}
