import type { ByteString } from './bytes.ts';

/** What every drop-in touches outside, so that tests can bring their own. */
export interface ToolEnvironment {
  readonly posixlyCorrect: boolean;
  /** To standard output, sooner or later. */
  write(text: ByteString): void;
  /** What was written goes out now. */
  flush(): void;
  /** One line to standard error. */
  complain(line: ByteString): void;
}
