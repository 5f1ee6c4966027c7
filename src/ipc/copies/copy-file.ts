import fs from 'node:fs';

/** The words of a copy's file. They are aligned, so that the kernel copies each in one piece. */
export class CopyFile {
  readonly fd: number;
  readonly #word = Buffer.alloc(8);

  constructor(fd: number) {
    this.fd = fd;
  }

  read(offset: number): bigint {
    const length = fs.readSync(this.fd, this.#word, 0, 8, offset);
    return length === 8 ? this.#word.readBigUInt64LE() : 0n;
  }

  write(offset: number, value: bigint): void {
    this.#word.writeBigUInt64LE(value);
    fs.writeSync(this.fd, this.#word, 0, 8, offset);
  }

  close(): void {
    fs.closeSync(this.fd);
  }
}
