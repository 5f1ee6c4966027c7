import { CmapClient, ConnectionError, CsError } from 'corosync-client';

// No corosync listens on this name: the error proves that the installed package works up to the socket.
const error = await CmapClient.connect({ socketName: 'corosync-client-none' }).catch((reason) => reason);
if (!(error instanceof ConnectionError && error instanceof CsError && error.errno === 'ECONNREFUSED'))
  throw error;
