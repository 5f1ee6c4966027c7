import { localConnector } from '../cluster/connector.ts';
import { directoriesIn } from '../directories.ts';
import { fromText } from './bytes.ts';
import { nodeToolEnvironment } from './node-environment.ts';
import type { ServicesEnvironment } from './services.ts';

/** The process that a drop-in really runs in. It waits for corosync as long as the C tool does: for ever. */
export function nodeServicesEnvironment(): ServicesEnvironment {
  return {
    ...nodeToolEnvironment(),
    connect: localConnector({ timeoutMs: Infinity, ...directoriesIn(process.env) }),
    now: () => new Date(),
    async confirm(question) {
      const { askOnTerminal } = await import('./ask-on-terminal.ts');
      return askOnTerminal(question);
    },
    async resolve(address) {
      const { getnameinfo } = await import('./libc/getnameinfo.ts');
      const name = await getnameinfo(address);
      return name === undefined ? undefined : fromText(name);
    },
  };
}
