import { afterEach, describe, expect, it } from 'vitest';
import { TRACK_BITS } from '../../src/codec/cmap/track.ts';
import { VOTEQUORUM_RESPONSE_ID } from '../../src/codec/votequorum/ids.ts';
import { QUORUM_RESPONSE_ID } from '../../src/codec/quorum/ids.ts';
import { CPG_RESPONSE_ID } from '../../src/codec/cpg/ids.ts';
import { ToldServices, type ToldClient } from '../helpers/fake/told-services.ts';

const ALL_CHANGES = TRACK_BITS.add | TRACK_BITS.modify | TRACK_BITS.delete | TRACK_BITS.prefix;
const hex = (text: string): string => Buffer.from(text).toString('hex');
let services: ToldServices;

afterEach(() => services.close());

/** The keys of the map that change, in their order. */
function changed(prefix: string): string[] {
  const keys: string[] = [];
  services.maps.icmap.track(prefix, ALL_CHANGES, (_event, key) => void keys.push(key));
  return keys;
}

describe('clients of cpg', () => {
  const join = (client: ToldClient, pid: number): void => {
    client.send({ message: 'reqCpgJoin', group: hex('group'), pid, flags: 0 });
    services.state.totem.flush();
  };

  it('are told from the newest on, as corosync has them in its list', () => {
    services = new ToldServices({ nodes: 2 });
    const [first, second] = ['first', 'second'].map((name) => services.open('cpg', name));
    if (first === undefined || second === undefined) throw new Error('there is no client');
    join(first, 1);
    join(second, 2);
    services.told.length = 0;
    first.send({ message: 'reqCpgMcast', guarantee: 2, bytes: hex('message') });
    services.state.totem.flush();
    services.state.loseToken();
    const { deliverCallback, totemConfchgCallback } = CPG_RESPONSE_ID;
    expect(services.told).toEqual(
      [deliverCallback, totemConfchgCallback].flatMap((id) => [`second ${id}`, `first ${id}`]),
    );
  });
});

describe('a change of membership that waits for a quorum device', () => {
  /** The device polls, without a vote for this node, which is then not quorate by itself. */
  function lose(): { readonly newcomer: ToldClient; readonly poll: () => void } {
    services = new ToldServices({ nodes: 2, device: { votes: 1 } });
    const [quorum, votes, newcomer] = (['quorum', 'votequorum', 'quorum'] as const).map((name, index) =>
      services.open(name, `${name} ${index}`),
    );
    if (quorum === undefined || votes === undefined || newcomer === undefined)
      throw new Error('there is no client');
    quorum.send({ message: 'reqQuorumModelGettype', model: 1 });
    quorum.send({ message: 'reqQuorumTrackstart', flags: 4 });
    votes.send({ message: 'reqVotequorumTrackstart', context: '0', flags: 4 });
    votes.send({ message: 'reqVotequorumQdeviceRegister', name: hex('device') });
    services.state.totem.flush();
    const poll = (): void => {
      const { nodeId, seq } = services.state.ringId;
      const ringId = { nodeId, seq: String(seq) };
      votes.send({ message: 'reqVotequorumQdevicePoll', name: hex('device'), castVote: 0, ringId });
      services.state.totem.flush();
    };
    poll();
    services.told.length = 0;
    services.state.lose([2], []);
    return { newcomer, poll };
  }

  const quorate = (client: ToldClient): number | undefined => {
    const answer = client.send({ message: 'reqHeaderOnly', id: 0 });
    return Buffer.isBuffer(answer) ? answer.readUInt32LE(24) : undefined;
  };

  it('holds clients off before it is told, and until quorum has been told', () => {
    const { poll } = lose();
    poll();
    expect(services.told).toEqual([
      'held',
      `quorum 0 ${QUORUM_RESPONSE_ID.v1NodelistNotification}`,
      `votequorum 1 ${VOTEQUORUM_RESPONSE_ID.nodelistNotification}`,
      `quorum 0 ${QUORUM_RESPONSE_ID.v1QuorumNotification}`,
      `votequorum 1 ${VOTEQUORUM_RESPONSE_ID.quorumNotification}`,
      'released',
    ]);
  });

  it('leaves the quorum service with what it was told last, whatever votequorum has counted', () => {
    const { newcomer, poll } = lose();
    expect([services.state.votes?.quorate, quorate(newcomer)]).toEqual([false, 1]);
    poll();
    expect(quorate(newcomer)).toBe(0);
  });
});

describe('keys of the map', () => {
  it('of nodes that join: what is known of them comes before what they say', () => {
    services = new ToldServices({ nodes: 3, members: [1], configVersion: 7 });
    const keys = changed('runtime.members.');
    services.state.join([2, 3]);
    expect(keys.map((key) => key.replace('runtime.members.', ''))).toEqual([
      ...['2.ip', '2.join_count', '2.status', '3.ip', '3.join_count', '3.status'],
      ...['2.config_version', '3.config_version'],
    ]);
  });

  it('that a reload deletes: totem’s before those of the nodes', () => {
    services = new ToldServices({ nodes: 1 });
    const added = ['logging.a', 'totem.a', 'nodelist.a', 'quorum.a', 'uidgid.config.a', 'nozzle.a'];
    const value = { type: 2, bytes: Buffer.of(1), length: 1 };
    for (const key of added) services.maps.icmap.set(key, value);
    const keys = changed('');
    services.state.reload(() => undefined);
    services.state.totem.flush();
    expect(keys.filter((key) => added.includes(key))).toEqual(added);
  });
});
