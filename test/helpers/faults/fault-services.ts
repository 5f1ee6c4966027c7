import {
  CfgClient,
  QuorumClient,
  VotequorumClient,
  type ConnectionError,
  type ConnectOptions,
  type CsErrorName,
} from '../../../src/index.ts';
import { ourOutcome } from '../integration/integration-outcome.ts';

/** What all clients have in common. */
interface AnyClient {
  readonly closed: boolean;
  whenClosed(): Promise<ConnectionError | undefined>;
  close(): Promise<void>;
  destroy(): void;
}

/** One call of one of the three services, on a client of its own. */
export interface ServiceCall {
  readonly name: string;
  /** How a corosync of one node may answer, whatever the others call meanwhile. */
  readonly answers: readonly CsErrorName[];
  readonly connect: (options: ConnectOptions) => Promise<Caller>;
}

/** What a process of its own says of one call at its end. */
export interface CallersReport {
  readonly name: string;
  readonly made: number;
  readonly unsettled: number;
  readonly outcomes: readonly CsErrorName[];
}

/** A client that makes one kind of call. */
export class Caller {
  readonly outcomes = new Set<CsErrorName>();
  readonly client: AnyClient;
  readonly #call: () => Promise<unknown>;
  #made = 0;
  #settled = 0;

  constructor(client: AnyClient, call: () => Promise<unknown>) {
    this.client = client;
    this.#call = call;
  }

  get made(): number {
    return this.#made;
  }

  get unsettled(): number {
    return this.#made - this.#settled;
  }

  async call(): Promise<CsErrorName> {
    this.#made += 1;
    const outcome = await ourOutcome(this.#call);
    this.#settled += 1;
    this.outcomes.add(outcome);
    return outcome;
  }

  /** Again and again, a few at a time, until the client is closed or `going` says no. */
  async callOn(going: () => boolean): Promise<void> {
    while (going() && !this.client.closed) await Promise.all([this.call(), this.call(), this.call()]);
  }
}

function callsOf<Client extends AnyClient>(
  connect: (options: ConnectOptions) => Promise<Client>,
  calls: Readonly<Record<string, readonly [(client: Client) => Promise<unknown>, ...CsErrorName[]]>>,
): ServiceCall[] {
  return Object.entries(calls).map(([name, [call, ...others]]) => ({
    name,
    answers: ['CS_OK', ...others],
    connect: async (options) => {
      const client = await connect(options);
      return new Caller(client, () => call(client));
    },
  }));
}

const RING_ID = { nodeId: 1, seq: 1n };
/** A quorum device comes, has another name and goes while all call. */
const DEVICE = ['CS_ERR_NOT_EXIST', 'CS_ERR_INVALID_PARAM'] as const;

/** Every call of the three services. Nothing that they change makes the node inquorate, or ends it. */
export const SERVICE_CALLS: readonly ServiceCall[] = [
  ...callsOf(QuorumClient.connect.bind(QuorumClient), {
    getQuorate: [(client) => client.getQuorate()],
    'track (quorum)': [async (client) => (await client.track()).close()],
  }),
  ...callsOf(VotequorumClient.connect.bind(VotequorumClient), {
    getInfo: [(client) => client.getInfo()],
    'track (votequorum)': [async (client) => (await client.track()).close()],
    setExpected: [(client) => client.setExpected(1)],
    setVotes: [(client) => client.setVotes(1, 1)],
    qdeviceRegister: [(client) => client.qdeviceRegister('disk'), 'CS_ERR_EXIST', 'CS_ERR_TRY_AGAIN'],
    qdeviceUnregister: [(client) => client.qdeviceUnregister('disk'), ...DEVICE],
    qdeviceUpdate: [(client) => client.qdeviceUpdate('disk', 'disk'), ...DEVICE],
    qdevicePoll: [(client) => client.qdevicePoll('disk', true, RING_ID), 'CS_ERR_MESSAGE_ERROR', ...DEVICE],
    qdeviceMasterWins: [(client) => client.qdeviceMasterWins('disk', false), ...DEVICE],
    // Newer corosyncs know it.
    qdeviceGetExtraInfo: [(client) => client.qdeviceGetExtraInfo(1), 'CS_ERR_INVALID_PARAM'],
  }),
  ...callsOf(CfgClient.connect.bind(CfgClient), {
    localNodeId: [(client) => client.localNodeId()],
    ringStatus: [(client) => client.ringStatus()],
    nodeStatus: [(client) => client.nodeStatus(1)],
    nodeAddresses: [(client) => client.nodeAddresses()],
    killNode: [(client) => client.killNode(99), 'CS_ERR_NOT_EXIST'],
    tryShutdown: [shutDownInVain, 'CS_ERR_BUSY', 'CS_ERR_EXIST'],
    reloadConfig: [(client) => client.reloadConfig()],
    reopenLogFiles: [(client) => client.reopenLogFiles()],
  }),
];

/** There is somebody who refuses. */
async function shutDownInVain(client: CfgClient): Promise<void> {
  const tracker = await client.trackShutdown(() => false);
  try {
    await client.tryShutdown('request');
  } finally {
    await tracker.close();
  }
}
