import fs from 'node:fs';
import { ConnectionError } from '../errors/index.ts';

/** A file without a name, which nobody but its maker ever sees (Linux, open(2)). */
const O_TMPFILE = 0o20000000;
const NS_PER_MS = 1_000_000n;
/** For places where no file can be made: more than the clock of time stamps is ever behind the one that programs read. */
const SLACK_NS = 100n * NS_PER_MS;
/** By how much the two clocks may disagree over the same time without anybody having set one. */
const DISAGREEMENT_MS = 50;

/** Nanoseconds. */
interface Stamps {
  readonly born: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
}

/**
 * The beginning of a handshake, on the clock by which the kernel stamps files. That clock is behind the one of `Date.now` by as much
 * as a tick, or more where a processor is taken away from the machine; so a file is stamped, which then vanishes.
 */
export class Moment {
  readonly #directory: string;
  readonly #stamps: Stamps;
  readonly #uptimeMs = performance.now();

  private constructor(directory: string) {
    this.#directory = directory;
    this.#stamps = stampsIn(directory) ?? stampsAt(BigInt(Date.now()) * NS_PER_MS - SLACK_NS);
  }

  /** @param directory where the files will be that are to be compared with it */
  static now(directory: string): Moment {
    return new Moment(directory);
  }

  /**
   * Whether a file can have been made since. Only its owner can set its times back, and nobody can set them all forward: of the
   * three, only `ctime` changes when somebody else makes a link. Each is compared with its like: Deno tells `ctime` in whole seconds.
   */
  precedes(stat: fs.BigIntStats): boolean {
    const { born, modified, changed } = stampsOf(stat);
    return born >= this.#stamps.born && modified >= this.#stamps.modified && changed >= this.#stamps.changed;
  }

  /**
   * A file that a server has made for this handshake has been made since.
   * @throws ConnectionError CS_ERR_SECURITY: it was there before; CS_ERR_TRY_AGAIN: the clock was set back meanwhile, so nobody knows.
   */
  checkPrecedes(path: string, stat: fs.BigIntStats): void {
    if (this.precedes(stat)) return;
    const setBack = this.#wasSetBack();
    const detail = setBack
      ? `the clock was set back, so that it is unknown whether ${path} was made for this connection`
      : `${path} was there before this connection was asked for; whatever listens on this socket is not corosync`;
    throw new ConnectionError(setBack ? 'CS_ERR_TRY_AGAIN' : 'CS_ERR_SECURITY', {
      operation: 'connect',
      detail,
    });
  }

  #wasSetBack(): boolean {
    const now = new Moment(this.#directory);
    const elapsedMs = Number((now.#stamps.modified - this.#stamps.modified) / NS_PER_MS);
    return elapsedMs < now.#uptimeMs - this.#uptimeMs - DISAGREEMENT_MS;
  }
}

function stampsOf({ birthtimeNs, mtimeNs, ctimeNs }: fs.BigIntStats): Stamps {
  // Not every kernel knows when a file was made.
  return { born: birthtimeNs > 0n ? birthtimeNs : mtimeNs, modified: mtimeNs, changed: ctimeNs };
}

function stampsAt(moment: bigint): Stamps {
  return { born: moment, modified: moment, changed: moment };
}

function stampsIn(directory: string): Stamps | undefined {
  if (process.platform !== 'linux') return undefined;
  const { O_DIRECTORY, O_RDWR } = fs.constants;
  let fd: number | undefined;
  try {
    fd = fs.openSync(directory, O_TMPFILE | O_DIRECTORY | O_RDWR, 0o600);
    return stampsOf(fs.fstatSync(fd, { bigint: true }));
  } catch {
    return undefined; // a file system or a user that cannot make files
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}
