import { CpgClient } from '../../../src/index.ts';
import { FakeCorosync } from '../../../src/testing/index.ts';

/** A client that is the only member of a group on a fake, and what it was told: messages by their number of bytes. */
export class Chat implements AsyncDisposable {
  readonly fake: FakeCorosync;
  readonly client: CpgClient;
  readonly told: string[];

  private constructor(fake: FakeCorosync, client: CpgClient, told: string[]) {
    this.fake = fake;
    this.client = client;
    this.told = told;
  }

  static async join(): Promise<Chat> {
    const fake = await FakeCorosync.start({ cluster: { nodes: 1 } });
    const client = await CpgClient.connect(fake.connectOptions);
    const told: string[] = [];
    await client.join('chat', {
      pid: 7,
      listener: (event) =>
        void told.push(event.kind === 'message' ? String(event.message.length) : event.kind),
    });
    return new Chat(fake, client, told);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.fake.stop();
  }
}

/** The error that a call ends with. */
export async function errorOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('the call has succeeded');
}
