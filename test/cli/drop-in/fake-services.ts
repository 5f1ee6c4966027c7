import type { ServicesEnvironment } from '../../../src/cli/drop-in/services.ts';
import type { Connector } from '../../../src/cli/cluster/connector.ts';
import { FakeCluster } from '../fake-cluster.ts';

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The world of one run of a drop-in for the tools of quorum and links. */
export class FakeServices implements ServicesEnvironment {
  posixlyCorrect = false;
  readonly cluster = new FakeCluster();
  readonly connect: Connector = this.cluster.connector;
  /** Names of addresses; one that is missing here cannot be asked for. */
  readonly names = new Map<string, string>();
  /** What was asked, and what it is answered. */
  readonly questions: string[] = [];
  answer = true;
  stdout = '';
  stderr = '';
  flushes = 0;

  async run(
    tool: (words: readonly string[], environment: ServicesEnvironment) => Promise<number>,
    ...words: string[]
  ): Promise<Run> {
    this.stdout = '';
    this.stderr = '';
    const code = await tool(words, this);
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  now(): Date {
    return new Date(2026, 10, 5, 8, 3, 9);
  }

  confirm(question: string): Promise<boolean> {
    this.questions.push(question);
    return Promise.resolve(this.answer);
  }

  resolve(address: string): Promise<string | undefined> {
    return Promise.resolve(this.names.get(address));
  }

  write(text: string): void {
    this.stdout += text;
  }

  flush(): void {
    this.flushes += 1;
  }

  complain(line: string): void {
    this.stderr += `${line}\n`;
  }
}
