import type { Follow } from '../session/index.ts';
import type { QuorumFollowChange, QuorumState } from './follow-events.ts';
import type { QuorumClient } from './quorum-client.ts';
import type { QuorumNodelistEvent, QuorumQuorumEvent } from './quorum-events.ts';

/** Follows quorum on a connection. The quorum event ends each snapshot: corosync sends the list of nodes before it. */
export const followQuorum: Follow<QuorumClient, QuorumState, QuorumFollowChange> = async (client, sink) => {
  let nodelist: QuorumNodelistEvent | undefined;
  return client.track({
    listener: (event) => {
      if (event.kind === 'overflow') return;
      if (!event.snapshot) {
        if (sink.current === undefined) return;
        const state = stateAfter(event, sink.current);
        sink.changed({ kind: 'change', event, state }, state);
      } else if (event.kind === 'nodelist') nodelist = event;
      else sink.snapshot(stateOf(event, nodelist));
    },
  });
};

function stateAfter(event: QuorumNodelistEvent | QuorumQuorumEvent, before: QuorumState): QuorumState {
  const { members, ringId } = event;
  return { quorate: event.kind === 'quorum' ? event.quorate : before.quorate, members, ringId };
}

/** Without a provider of quorum the quorum event knows neither nodes nor ring. */
function stateOf(
  { quorate, ringId, members }: QuorumQuorumEvent,
  nodelist?: QuorumNodelistEvent,
): QuorumState {
  return { quorate, ringId: nodelist?.ringId ?? ringId, members: nodelist?.members ?? members };
}
