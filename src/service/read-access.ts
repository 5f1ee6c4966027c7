import type { ConnectedClient } from './connected-client.ts';

/** What makes a client, or a session, that changes nothing. */
export interface ReadAccess {
  readonly access: 'read';
}

/** A client with these calls only, and what every client has. */
export type ReadingClient<C extends ConnectedClient, Calls extends keyof C> = Pick<
  C,
  Calls | keyof ConnectedClient
>;
