import type { ByteString } from '../drop-in/bytes.ts';

/** What stdio reads from a pipe at a time. */
const STDIO_BUFFER = 4096;

/**
 * Decides when input ends a tracking run. The C tool does one fgets() of two bytes each time poll() says
 * that standard input is readable, and quits if that piece starts with a "q" (or at the end of file).
 * The rest stays in its stdio buffer, which poll() does not see, until the next input arrives. Scripts
 * that feed it may depend on that, so this does the same.
 */
export class QuitDetector {
  #buffer: ByteString = '';
  #inFgets = false;

  /** Takes what was read. Returns true if the run is to end. */
  feed(input: ByteString): boolean {
    for (let start = 0; start < input.length; start += STDIO_BUFFER) {
      if (this.#feedOnce(input.slice(start, start + STDIO_BUFFER))) return true;
    }
    return false;
  }

  /**
   * The end of the input. poll() reports it as readable, and fgets() finds the end, except on a pipe: the
   * C tool then spins and tracks on. So does this, without the spinning.
   */
  end(isPipe: boolean): boolean {
    return !isPipe || (this.#inFgets && this.#buffer.startsWith('q'));
  }

  #feedOnce(input: ByteString): boolean {
    // While unread input makes poll() return, the buffer is used up first.
    for (let piece = this.#take(); piece !== undefined; piece = this.#take()) {
      if (piece.startsWith('q')) return true;
    }
    this.#buffer += input;
    const piece = this.#take();
    this.#inFgets = piece === undefined;
    return piece?.startsWith('q') ?? false;
  }

  /** What fgets() returns from the buffer, or undefined if it would have to read on. */
  #take(): ByteString | undefined {
    const length = this.#buffer.startsWith('\n') ? 1 : 2;
    if (this.#buffer.length < length) return undefined;
    const piece = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.slice(length);
    return piece;
  }
}
