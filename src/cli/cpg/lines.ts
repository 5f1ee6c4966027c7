import type { Readable } from 'node:stream';

const NEWLINE = 0x0a;

/**
 * The lines of an input without their ends, as bytes; what stands behind the last end is one, too. One of more than `most` bytes comes
 * in pieces of which the first has more: too many to be sent. When the signal fires, the lines end.
 */
export async function* linesOf(
  input: Readable,
  most: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const stop = (): void => void input.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* split(input, most);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function* split(input: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array, void> {
  let parts: Uint8Array[] = [];
  let length = 0;
  const take = (): Uint8Array => {
    const line = Buffer.concat(parts);
    [parts, length] = [[], 0];
    return line;
  };
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    parts.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > most) yield take();
  }
  if (length > 0) yield take();
}
