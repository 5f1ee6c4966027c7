/** enum req_quorum_types. Requests and responses are numbered apart: request 3 is not response 3. */
export const QUORUM_REQUEST_ID = {
  getQuorate: 0,
  trackStart: 1,
  trackStop: 2,
  getType: 3,
  modelGetType: 4,
} as const;

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
