import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import { RingFile } from '../../ipc/shared-memory/ring-file.ts';
import { createRingFiles, ringWords } from './ring-files.ts';
import type { ServerRings } from './server-channels.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
type Channel = 'request' | 'response' | 'event';

export interface RingDirectoryOptions {
  /** Where the files go: what clients see as `/dev/shm`. */
  readonly sharedMemoryDirectory: string;
  readonly service: string;
  readonly serverPid: number;
  /** Of the client, which takes another one's for a sign of another pid namespace, and then leaves the files of a dead server alone. */
  readonly clientPid: number;
  /** In the place of the socket's number. */
  readonly number: number;
}

/** The directory of one connection's files, with libqb's names. */
export class RingDirectory {
  readonly path: string;
  /** What the client is told: the names that the files have in corosync's `/dev/shm`. */
  readonly ringNames: Readonly<Record<Channel, string>>;
  /** The control file, and what the sockets' names begin with. */
  readonly datagramNames: { readonly request: string; readonly response: string };

  constructor(options: RingDirectoryOptions) {
    const { sharedMemoryDirectory, serverPid, clientPid, number, service } = options;
    const name = `qb-${serverPid}-${clientPid}-${number}-${sixLetters()}`;
    this.path = `${sharedMemoryDirectory}/${name}`;
    fs.mkdirSync(this.path, { mode: 0o700 });
    fs.chmodSync(this.path, 0o770);
    const nameOf = (channel: string): string => `/dev/shm/${name}/qb-${channel}${service}`;
    this.ringNames = {
      request: nameOf('request-'),
      response: nameOf('response-'),
      event: nameOf('event-'),
    };
    this.datagramNames = { request: nameOf('control-'), response: nameOf('') };
  }

  /** Where a file is that the client is told of. */
  pathOf(recordedPath: string): string {
    return this.path + recordedPath.slice(recordedPath.lastIndexOf('/'));
  }

  /** Creates the three rings. If they do not fit the file system, nothing stays. */
  createRings(maxMessageSize: number): ServerRings {
    const opened: RingFile[] = [];
    const open = (channel: Channel): RingFile => {
      const recordedPath = this.ringNames[channel];
      const path = this.pathOf(recordedPath);
      createRingFiles({ path, recordedPath, wordSize: ringWords(maxMessageSize) });
      const ring = new RingFile(path, recordedPath, maxMessageSize);
      opened.push(ring);
      return ring;
    };
    try {
      return { request: open('request'), response: open('response'), event: open('event') };
    } catch (error) {
      for (const ring of opened) ring.close();
      throw error;
    }
  }

  remove(): void {
    fs.rmSync(this.path, { recursive: true, force: true });
  }
}

function sixLetters(): string {
  return Array.from({ length: 6 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}
