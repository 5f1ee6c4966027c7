import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { CMAP_REQUEST_ID, CMAP_RESPONSE_ID } from './ids.ts';

/** Which of corosync's maps a connection works on. */
export type CmapMap = 'icmap' | 'stats';

/** cmap_map_t. */
export const MAP_CODES: Readonly<Record<CmapMap, number>> = { icmap: 0, stats: 1 };

/*
 * struct req_lib_cmap_set_current_map (24)         struct qb_ipc_response_header (24)
 *    0  struct qb_ipc_request_header
 *   16  i32  map
 */
export class SetCurrentMapRequest implements RequestMessage<void> {
  readonly operation = 'cmap_initialize_map';
  readonly requestId = CMAP_REQUEST_ID.setCurrentMap;
  readonly responseId = CMAP_RESPONSE_ID.setCurrentMap;
  readonly size = 24;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly #map: number;

  constructor(map: CmapMap) {
    this.#map = MAP_CODES[map];
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.i32(16, this.#map);
  }

  decode(): void {
    // The header has said it all.
  }
}
