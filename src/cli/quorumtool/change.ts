import { ToolFailure } from '../drop-in/tool-failure.ts';
import type { QuorumtoolAction } from './options.ts';
import type { Services } from './services.ts';

const WITHOUT_VOTEQUORUM: Readonly<Record<string, string>> = {
  'set-votes': 'change node votes',
  'set-expected': 'change expected votes',
  'unregister-device': 'unregister quorum device',
};

/** -v, -e and -f */
export function change({ votequorum }: Services, action: QuorumtoolAction): never {
  if (votequorum === undefined) {
    const what = WITHOUT_VOTEQUORUM[action.name] ?? '';
    throw new ToolFailure(`You cannot ${what}, corosync is not using votequorum`);
  }
  throw new ToolFailure('quorumtool changes no votes yet; use corosync-quorumtool');
}
