/** enum req_lib_cfg_types. Request 1, RINGREENABLE, does nothing in any corosync 3, and is not here. */
export const CFG_REQUEST_ID = {
  ringStatusGet: 0,
  killNode: 2,
  tryShutdown: 3,
  replyToShutdown: 4,
  getNodeAddrs: 5,
  localGet: 6,
  reloadConfig: 7,
  reopenLogFiles: 8,
  nodeStatusGet: 9,
  trackStart: 10,
  trackStop: 11,
} as const;

/** Those that change nothing. Who tracks shutdowns can prevent them, and so is not among them. */
export const CFG_READS: ReadonlySet<number> = new Set([
  CFG_REQUEST_ID.ringStatusGet,
  CFG_REQUEST_ID.getNodeAddrs,
  CFG_REQUEST_ID.localGet,
  CFG_REQUEST_ID.nodeStatusGet,
]);

/** enum res_lib_cfg_types, numbered apart from the requests; `testShutdown` comes as an event. */
export const CFG_RESPONSE_ID = {
  ringStatusGet: 0,
  trackStart: 2,
  trackStop: 3,
  killNode: 8,
  tryShutdown: 9,
  testShutdown: 10,
  getNodeAddrs: 11,
  localGet: 12,
  replyToShutdown: 13,
  reloadConfig: 14,
  reopenLogFiles: 15,
  nodeStatusGet: 16,
} as const;
