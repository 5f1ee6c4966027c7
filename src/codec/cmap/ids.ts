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
