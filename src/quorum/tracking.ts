import type { QuorumEvent } from '../codec/quorum/event.ts';
import { TrackStartRequest, TrackStopRequest } from '../codec/quorum/track.ts';
import type { TrackingKind, TrackingPicture } from '../service/index.ts';
import type { QuorumNodelistEvent, QuorumQuorumEvent, QuorumTrackEvent } from './quorum-events.ts';

/** How quorum is tracked. */
export const QUORUM_TRACKING: TrackingKind<QuorumEvent, QuorumTrackEvent> = {
  operation: 'quorum_trackstart',
  start: () => new TrackStartRequest('changes'),
  stop: () => new TrackStopRequest(),
  picture: () => new QuorumPicture(),
  overflow: (dropped) => ({ kind: 'overflow', dropped }),
};

/** What was told last: each event tells all that it is about. */
class QuorumPicture implements TrackingPicture<QuorumEvent, QuorumTrackEvent> {
  #nodelist: QuorumNodelistEvent | undefined;
  #quorum: QuorumQuorumEvent | undefined;

  /** The first event of either kind tells what holds: corosync sends it before it answers. */
  told(event: QuorumEvent): QuorumTrackEvent {
    if (event.type === 'nodelist') {
      const { ringId, members, joined, left } = event;
      const snapshot = this.#nodelist === undefined;
      return (this.#nodelist = { kind: 'nodelist', ringId, members, joined, left, snapshot });
    }
    const { quorate, members } = event;
    const ringId = event.type === 'quorum' ? event.ringId : { nodeId: undefined, seq: event.ringSeq };
    const snapshot = this.#quorum === undefined;
    return (this.#quorum = { kind: 'quorum', quorate, ringId, members, snapshot });
  }

  snapshot(): QuorumTrackEvent[] {
    const nodelist = this.#nodelist && { ...this.#nodelist, joined: [], left: [], snapshot: true };
    const quorum = this.#quorum && { ...this.#quorum, snapshot: true };
    return [nodelist, quorum].filter((event) => event !== undefined);
  }
}
