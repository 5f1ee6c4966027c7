/**
 * enum req_cpg_types. 9 to 11 were zero copy, by which a client could make corosync delete files or crash: they are not here, and
 * corosync's main branch has them no more.
 */
export const CPG_REQUEST_ID = {
  join: 0,
  leave: 1,
  mcast: 2,
  membership: 3,
  localGet: 4,
  iterationInitialize: 5,
  iterationNext: 6,
  iterationFinalize: 7,
  finalize: 8,
  partialMcast: 12,
} as const;

/** The requests that change nothing. */
export const CPG_READS: ReadonlySet<number> = new Set([
  CPG_REQUEST_ID.membership,
  CPG_REQUEST_ID.localGet,
  CPG_REQUEST_ID.iterationInitialize,
  CPG_REQUEST_ID.iterationNext,
  CPG_REQUEST_ID.iterationFinalize,
]);

/** enum res_cpg_types, numbered apart from the requests; mcast has no answer, and the callbacks come as events. */
export const CPG_RESPONSE_ID = {
  join: 0,
  leave: 1,
  membership: 3,
  confchgCallback: 4,
  deliverCallback: 5,
  localGet: 7,
  iterationInitialize: 9,
  iterationNext: 10,
  iterationFinalize: 11,
  finalize: 12,
  totemConfchgCallback: 13,
  partialDeliverCallback: 17,
  partialSend: 18,
} as const;
