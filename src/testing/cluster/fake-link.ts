/** How the fake's node sees a link to another one. */
export interface FakeLink {
  /** It is configured and in use. */
  readonly enabled: boolean;
  /** The other node answers on it. */
  readonly connected: boolean;
  /** Bytes; the last known of a link that is not connected. */
  readonly mtu: number;
}
