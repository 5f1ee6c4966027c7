import { CpgClient } from '../../../src/index.ts';
import type { FakeCorosync } from '../../../src/testing/index.ts';
import type { OtherMember } from '../../scenarios/cpg-commands.ts';

/** A member of a group on a fake, on its own node. */
export class CpgPeerOnFake implements OtherMember {
  readonly pid: number;
  readonly #client: CpgClient;
  readonly #heard: string[] = [];

  private constructor(client: CpgClient, pid: number) {
    this.#client = client;
    this.pid = pid;
  }

  static async join(fake: FakeCorosync, group: string | Uint8Array, pid: number): Promise<CpgPeerOnFake> {
    const client = await CpgClient.connect(fake.connectOptions);
    const peer = new CpgPeerOnFake(client, pid);
    await client.join(group, {
      pid,
      listener: (event) => {
        if (event.kind === 'message') peer.#heard.push(Buffer.from(event.message).toString());
      },
    });
    return peer;
  }

  mcast(message: string | Uint8Array): Promise<void> {
    return this.#client.mcast(message);
  }

  heard(): readonly string[] {
    return this.#heard;
  }

  leave(): Promise<void> {
    return this.#client.close();
  }
}
