import { escapeControls } from '../../errors/index.ts';
import type { ClusterState } from '../../index.ts';
import { absent, worst, type Level, type Remark } from './verdict.ts';

/** The line that a plugin of Nagios prints, its longest text cut off: more would be lost on the way. */
const MOST_TEXT = 1000;

/** What is found, and behind a | the figures. */
export function checkLine(remarks: readonly Remark[], state: ClusterState | undefined): string {
  const figures = state === undefined ? '' : ` | ${performanceData(state)}`;
  return `${headed(worst(remarks), remarks.map(({ text }) => text).join('; '))}${figures}\n`;
}

/** The bar ends the text. */
function headed(level: Level, text: string): string {
  const safe = escapeControls(text).replaceAll('|', '/');
  return `COROSYNC ${level.toUpperCase()} - ${safe.length > MOST_TEXT ? `${safe.slice(0, MOST_TEXT)}...` : safe}`;
}

/** `'label'=value[unit];[warn];[crit];[min];[max]`; what is not known is left out. */
function performanceData(state: ClusterState): string {
  const { quorum, nodes, links, totem } = state;
  const { votes } = quorum;
  const members = nodes.length - absent(state).length;
  return [
    `quorate=${Number(quorum.quorate)};;1:;0;1`,
    ...(votes === undefined
      ? []
      : [
          `votes=${votes.total};;${votes.needed}:;0;${Math.max(votes.expected, votes.total)}`,
          `tolerance=${votes.failureTolerance};;;0`,
        ]),
    `members=${members};;;0;${nodes.length}`,
    ...(links === undefined
      ? []
      : [`links_up=${links.filter(({ connected }) => connected).length};;;0;${links.length}`]),
    ...(totem?.silenceMs === undefined ? [] : [`token_silence=${totem.silenceMs}ms;;;0`]),
  ].join(' ');
}
