export { connectIpc, type FirstRequest, type IpcOptions } from './connect.ts';
export type { SubmitOptions } from './calls/pending-call.ts';
export type {
  CallTrace,
  ConnectTrace,
  EventTrace,
  LostTrace,
  TracedServer,
  TracedSpan,
} from './diagnostics.ts';
export type { EventWaking } from './event-backlog.ts';
export { type ConnectionListener, IpcConnection } from './ipc-connection.ts';
export { Deadline, within } from './calls/deadline.ts';
export { Deferred } from './calls/deferred.ts';
export { onAbort } from './calls/on-abort.ts';
export { SharedNotes } from './copies/notes.ts';
export type { TransportKind } from './transport.ts';
export { serverName } from './socket-address.ts';
