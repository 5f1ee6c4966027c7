import { malformed } from '../codec/malformed.ts';
import type { VotequorumEvent } from '../codec/votequorum/event.ts';
import { TrackStartRequest, TrackStopRequest } from '../codec/votequorum/track.ts';
import type { TrackingKind, TrackingPicture } from '../service/index.ts';
import type {
  VotequorumNodelistEvent,
  VotequorumQuorumEvent,
  VotequorumTrackEvent,
} from './votequorum-events.ts';

/**
 * How votequorum is tracked.
 * @param context comes back in every event. Nobody but corosync knows it: an event with another one is not corosync's
 */
export function votequorumTracking(context: bigint): TrackingKind<VotequorumEvent, VotequorumTrackEvent> {
  return {
    operation: 'votequorum_trackstart',
    start: () => new TrackStartRequest(context, 'changes'),
    stop: () => new TrackStopRequest(),
    picture: () => new VotequorumPicture(),
    overflow: (dropped) => ({ kind: 'overflow', dropped }),
  };
}

/** Known to corosync only. */
export function randomContext(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
}

/** @throws CsError: the event is not of a tracking of ours */
export function checkContext(
  event: VotequorumEvent | undefined,
  context: bigint,
): VotequorumEvent | undefined {
  if (event === undefined || event.context === context) return event;
  throw malformed('event of votequorum with a context that is not ours');
}

/** What was told last of nodes and of quorum. */
class VotequorumPicture implements TrackingPicture<VotequorumEvent, VotequorumTrackEvent> {
  #nodelist: VotequorumNodelistEvent | undefined;
  #quorum: VotequorumQuorumEvent | undefined;

  /** The first event of either kind tells what holds: corosync sends it before it answers. */
  told(event: VotequorumEvent): VotequorumTrackEvent {
    switch (event.type) {
      case 'nodelist': {
        const { ringId, members } = event;
        return (this.#nodelist = {
          kind: 'nodelist',
          ringId,
          members,
          snapshot: this.#nodelist === undefined,
        });
      }
      case 'quorum': {
        const { quorate, nodes } = event;
        return (this.#quorum = { kind: 'quorum', quorate, nodes, snapshot: this.#quorum === undefined });
      }
      case 'expected-votes':
        return { kind: 'expected-votes', expectedVotes: event.expectedVotes };
      case 'extra-info':
        return { kind: 'extra-info', nodeId: event.nodeId, info: event.info };
    }
  }

  snapshot(): VotequorumTrackEvent[] {
    const nodelist = this.#nodelist && { ...this.#nodelist, snapshot: true };
    const quorum = this.#quorum && { ...this.#quorum, snapshot: true };
    return [nodelist, quorum].filter((event) => event !== undefined);
  }
}
