/** enum req_votequorum_types. Requests and responses are numbered apart; 10 and 11 exist in newer corosyncs only. */
export const VOTEQUORUM_REQUEST_ID = {
  getInfo: 0,
  setExpected: 1,
  setVotes: 2,
  trackStart: 3,
  trackStop: 4,
  qdeviceRegister: 5,
  qdeviceUnregister: 6,
  qdeviceUpdate: 7,
  qdevicePoll: 8,
  qdeviceMasterWins: 9,
  qdeviceSetExtraInfo: 10,
  qdeviceGetExtraInfo: 11,
} as const;

/** Those that change nothing. */
export const VOTEQUORUM_READS: ReadonlySet<number> = new Set([
  VOTEQUORUM_REQUEST_ID.getInfo,
  VOTEQUORUM_REQUEST_ID.trackStart,
  VOTEQUORUM_REQUEST_ID.trackStop,
  VOTEQUORUM_REQUEST_ID.qdeviceGetExtraInfo,
]);

/** enum res_votequorum_types. `status` answers whatever has no answer of its own; the notifications come as events. */
export const VOTEQUORUM_RESPONSE_ID = {
  status: 0,
  getInfo: 1,
  quorumNotification: 3,
  expectedVotesNotification: 4,
  nodelistNotification: 5,
  qdeviceGetExtraInfo: 6,
  qdeviceExtraInfoNotification: 7,
} as const;
