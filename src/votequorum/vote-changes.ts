import type { RequestMessage } from '../codec/message.ts';
import { SetExpectedRequest } from '../codec/votequorum/set-expected.ts';
import { SetVotesRequest } from '../codec/votequorum/set-votes.ts';
import { CsError } from '../errors/index.ts';
import { CALL_RULES, type CallOptions } from '../options/call-options.ts';
import { checkArgument, checkOptions } from '../options/check-options.ts';
import { boolean, integer, object, type Checked } from '../options/rules.ts';
import { notSent, type CallSubject, type ServiceClient } from '../service/index.ts';
import {
  AskedVotes,
  checkQuorate,
  checkTotal,
  MAX_VOTES,
  NodesReceiver,
  readVotes,
  type Votes,
} from './vote-check.ts';

/** How votes are changed. */
export interface VotequorumChangeOptions extends CallOptions {
  /**
   * Change votes although this node is not quorate. That may make it quorate: if the rest of the cluster is, too, both go on as if they
   * were alone (split brain). Default false.
   */
  readonly evenIfInquorate?: boolean | undefined;
}

const DEFAULTS = { evenIfInquorate: false } as const;
const changeRule = object<VotequorumChangeOptions, typeof DEFAULTS>(
  'a change of votes',
  { ...CALL_RULES, evenIfInquorate: boolean },
  { defaults: DEFAULTS },
);
const expectedVotes = integer(1, MAX_VOTES);
const nodeVotes = integer(0, MAX_VOTES);
/** 0 would be the quorum device, and would raise the expected votes for good. */
const realNode = integer(1, 0xffff_ffff);

type Options = Checked<VotequorumChangeOptions, typeof DEFAULTS>;

/** Changes of votes. Each is checked against what holds, on a connection of its own, one after the other. */
export class VoteChanges {
  readonly #service: ServiceClient;
  readonly #asked = new AskedVotes();

  constructor(service: ServiceClient) {
    this.#service = service;
  }

  async setExpected(votes: number, given: VotequorumChangeOptions): Promise<void> {
    const subject = { operation: 'votequorum_setexpected' };
    const options = checkOptions(subject, given, changeRule);
    const message = new SetExpectedRequest(checkArgument(subject, 'votes', votes, expectedVotes));
    await this.#change(subject, options, message, (now) => checkTotal(subject, this.#asked.total(now)));
  }

  async setVotes(nodeId: number, votes: number, given: VotequorumChangeOptions): Promise<void> {
    const operation = 'votequorum_setvotes';
    const change = {
      nodeId: checkArgument({ operation }, 'nodeId', nodeId, realNode),
      votes: checkArgument({ operation }, 'votes', votes, nodeVotes),
    };
    const message = new SetVotesRequest(change.nodeId, change.votes);
    const subject = { operation, key: message.key };
    const options = checkOptions(subject, given, changeRule);
    try {
      await this.#change(subject, options, message, (now) => {
        checkTotal(subject, this.#asked.total(now, change));
        this.#asked.note(change.nodeId, change.votes);
      });
    } catch (error) {
      // corosync has refused it.
      if (error instanceof CsError && error.sent === 'yes') this.#asked.forget(change.nodeId);
      throw error;
    }
  }

  /** @param check the last thing before the request goes out */
  #change(
    subject: CallSubject,
    { evenIfInquorate, ...options }: Options,
    message: RequestMessage<void>,
    check: (now: Votes) => void,
  ): Promise<void> {
    const receiver = new NodesReceiver();
    return this.#service.beside(message, { options, receiver, lane: 'votes' }, async (side, rest) => {
      const nodes = await notSent(subject, receiver.ask(side, subject, rest()));
      const now = await notSent(subject, readVotes(side, nodes, rest()));
      checkQuorate(subject, now, evenIfInquorate);
      check(now);
      await side.submit(message, rest());
    });
  }
}
