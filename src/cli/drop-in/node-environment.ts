import type { ToolEnvironment } from './environment.ts';
import { SyncOutput } from './sync-output.ts';

/** The process that a drop-in really runs in. */
export function nodeToolEnvironment(): ToolEnvironment {
  const output = new SyncOutput(1, dieOfBrokenPipe);
  const complaints = new SyncOutput(2, () => undefined);
  return {
    posixlyCorrect: process.env.POSIXLY_CORRECT !== undefined,
    write: (text) => output.write(text),
    flush: () => output.flush(),
    complain(line) {
      output.flush();
      complaints.write(`${line}\n`);
      complaints.flush();
    },
  };
}

/** Node ignores SIGPIPE; installing and removing a handler leaves the default action, which ends the C tool too. */
function dieOfBrokenPipe(): void {
  const ignore = (): void => undefined;
  process.on('SIGPIPE', ignore);
  process.off('SIGPIPE', ignore);
  process.kill(process.pid, 'SIGPIPE');
}
