import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Output, OutputError } from '../../../src/cli/printing/output.ts';
import { systemError } from '../../helpers/system-error.ts';

describe('Output', () => {
  it('joins what is written', async () => {
    const chunks: string[] = [];
    const output = new Output(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          if (chunk.length > 0) chunks.push(chunk.toString());
          done();
        },
      }),
    );
    await output.write('a');
    await output.write(Buffer.from('b'));
    await output.flush();
    expect(chunks).toEqual(['ab']);
  });

  it('holds the writer back while nobody reads', async () => {
    const stream = new PassThrough();
    const output = new Output(stream);
    let done = false;
    const writing = output.write('x'.repeat(100_000))?.then(() => (done = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(done).toBe(false);
    stream.resume();
    await writing;
    expect(done).toBe(true);
  });

  it('tells a broken pipe from other errors', async () => {
    for (const code of ['EPIPE', 'ENOSPC']) {
      const output = new Output(
        new Writable({ write: (_chunk, _encoding, done) => done(systemError(code)) }),
      );
      await output.write('x');
      const error = await output.flush().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(OutputError);
      expect((error as OutputError).isBrokenPipe).toBe(code === 'EPIPE');
      await expect(output.failed).rejects.toBe(error);
      await expect(output.write('y')).rejects.toBe(error);
    }
  });
});
