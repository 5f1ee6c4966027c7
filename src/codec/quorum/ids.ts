/** enum req_quorum_types. Requests and responses are numbered apart: request 3 is not response 3. */
export const QUORUM_REQUEST_ID = {
  getQuorate: 0,
  trackStart: 1,
  trackStop: 2,
  getType: 3,
  modelGetType: 4,
} as const;

/** Those that change nothing: all. */
export const QUORUM_READS: ReadonlySet<number> = new Set([
  QUORUM_REQUEST_ID.getQuorate,
  QUORUM_REQUEST_ID.trackStart,
  QUORUM_REQUEST_ID.trackStop,
  QUORUM_REQUEST_ID.getType,
  QUORUM_REQUEST_ID.modelGetType,
]);

/** enum res_quorum_types; the three notifications come as events. */
export const QUORUM_RESPONSE_ID = {
  getQuorate: 0,
  trackStart: 1,
  trackStop: 2,
  notification: 3,
  getType: 4,
  modelGetType: 5,
  v1QuorumNotification: 6,
  v1NodelistNotification: 7,
} as const;
