/** enum req_cmap_types. Requests and responses are numbered apart: request 9 is not response 9. */
export const CMAP_REQUEST_ID = {
  set: 0,
  delete: 1,
  get: 2,
  adjustInt: 3,
  iterInit: 4,
  iterNext: 5,
  iterFinalize: 6,
  trackAdd: 7,
  trackDelete: 8,
  setCurrentMap: 9,
} as const;

/** Those that change nothing in a map. */
export const CMAP_READS: ReadonlySet<number> = new Set([
  CMAP_REQUEST_ID.get,
  CMAP_REQUEST_ID.iterInit,
  CMAP_REQUEST_ID.iterNext,
  CMAP_REQUEST_ID.iterFinalize,
  CMAP_REQUEST_ID.trackAdd,
  CMAP_REQUEST_ID.trackDelete,
  CMAP_REQUEST_ID.setCurrentMap,
]);

/** enum res_cmap_types. */
export const CMAP_RESPONSE_ID = {
  set: 0,
  delete: 1,
  get: 2,
  adjustInt: 3,
  iterInit: 4,
  iterNext: 5,
  iterFinalize: 6,
  trackAdd: 7,
  trackDelete: 8,
  notifyCallback: 9,
  setCurrentMap: 10,
} as const;
