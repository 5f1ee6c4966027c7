import type { Environment } from '../../../src/cli/cmapctl/environment.ts';
import { runCmapctl } from '../../../src/cli/cmapctl/run.ts';
import type { CmapMap } from '../../../src/index.ts';
import { FakeClient } from '../fake-client.ts';

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The world of one run of the drop-in. */
export class FakeEnvironment implements Environment {
  posixlyCorrect = false;
  signedChar = true;
  client = new FakeClient();
  readonly maps: CmapMap[] = [];
  readonly files = new Map<string, string>();
  connectError: Error | undefined;
  quit: Promise<void> = Promise.resolve();
  stdout = '';
  stderr = '';

  async run(...words: string[]): Promise<Run> {
    this.stdout = '';
    this.stderr = '';
    const code = await runCmapctl(words, this);
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  connect(map: CmapMap): ReturnType<Environment['connect']> {
    this.maps.push(map);
    if (this.connectError !== undefined) return Promise.reject(this.connectError);
    return Promise.resolve(this.client.asCmapctl());
  }

  write(text: string): void {
    this.stdout += text;
  }

  flush(): void {
    // Nothing is held back.
  }

  complain(line: string): void {
    this.stderr += `${line}\n`;
  }

  readBinary(name: string): Promise<Uint8Array> {
    return Promise.resolve().then(() => Buffer.from(this.#file(name), 'latin1'));
  }

  async *readPieces(name: string): AsyncIterable<string> {
    await Promise.resolve();
    const text = this.#file(name);
    for (let start = 0; start < text.length; start += 100) yield text.slice(start, start + 100);
  }

  waitForQuit(): Promise<void> {
    return this.quit;
  }

  #file(name: string): string {
    const text = this.files.get(name);
    if (text === undefined) {
      const error = new Error(`ENOENT: no such file or directory, open '${name}'`);
      throw Object.assign(error, { code: 'ENOENT' });
    }
    return text;
  }
}
