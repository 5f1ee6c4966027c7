import { escapeControls } from '../../errors/index.ts';
import type {
  ClusterConfig,
  ClusterEvent,
  ClusterLink,
  ClusterNode,
  ClusterSeverity,
  ClusterState,
  ClusterTotem,
} from '../../index.ts';
import { ringText } from '../cluster/ring-text.ts';
import { columns, cut, WIDTH, wrapped, type Cell, type Paint, type Stress } from './style.ts';
import { driftSentences } from './drift-text.ts';
import { nameOf } from './names.ts';
import { remarks, type Level, type Remark } from './verdict.ts';

const LABEL_WIDTH = 10;

const STRESSES: Readonly<Record<Level, Stress>> = {
  ok: 'good',
  warning: 'doubtful',
  critical: 'bad',
  unknown: 'doubtful',
};

/**
 * The cluster on one screen, the verdict first.
 * @param latest what has happened, the newest last
 * @param others what else is found
 */
export function screen(
  state: ClusterState,
  latest: readonly ClusterEvent[],
  paint: Paint,
  others: readonly Remark[] = [],
): string {
  const parts = [
    verdictLines(state, paint, others),
    factLines(state),
    ['', ...nodeLines(state, paint)],
    linkLines(state, paint),
    ['', ...totemLines(state)],
    eventLines(latest, paint),
  ];
  return parts
    .flat()
    .map((line) => `${line}\n`)
    .join('');
}

/** Each finding is a sentence. */
function verdictLines(state: ClusterState, paint: Paint, others: readonly Remark[]): string[] {
  return remarks(state, 'all', { others }).flatMap(({ level, text, onScreen = text }) => {
    const sentence = sentenceOf(onScreen);
    return wrapped(escapeControls(sentence), WIDTH, '  ').map((line) => paint(line, STRESSES[level]));
  });
}

/** A name of a file stays as it is. */
function sentenceOf(text: string): string {
  return text.startsWith('corosync.conf') ? `${text}.` : `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

/** What the verdict rests on; of a state that does not hold, since when. */
function factLines(state: ClusterState): string[] {
  const { freshness, name, nodes, localNodeId, ring, transport } = state;
  const local = nodes.find(({ id }) => id === localNodeId);
  const time = freshness.kind === 'fresh' ? freshness.asOf : freshness.since;
  return [
    fact('state', `${freshness.kind} ${freshness.kind === 'fresh' ? 'as of' : 'since'} ${clock(time)}`),
    fact('cluster', [name, transport].filter((part) => part !== undefined).join(', ')),
    fact('node', `${localNodeId}${local?.name === undefined ? '' : ` ${local.name}`}`),
    ...(ring === undefined ? [] : [fact('ring', ringText(ring))]),
    ...voteLines(state),
  ];
}

function voteLines({ quorum: { votes } }: ClusterState): string[] {
  if (votes === undefined) return [];
  const { total, expected, needed, flags, qdevice } = votes;
  const others = flags.filter((flag) => flag !== 'quorate');
  return [
    fact('votes', `${total} of ${expected}; quorum is ${needed}`),
    ...(others.length === 0 ? [] : [fact('flags', others.join(' '))]),
    ...(qdevice === undefined
      ? []
      : [
          fact(
            'device',
            `${qdevice.name}; ${qdevice.alive ? 'alive' : 'NOT alive'}; ${qdevice.castsVote ? 'gives' : 'does not give'} its votes: ${qdevice.votes}`,
          ),
        ]),
  ];
}

const NODE_HEADS = ['NODE', 'NAME', 'STATE', 'VOTES', 'JOINS', 'IF LOST', 'CONFIG'];

function nodeLines(state: ClusterState, paint: Paint): string[] {
  const rows = state.nodes.map((node): Cell[] => [
    { text: String(node.id), right: true },
    { text: node.name ?? '-' },
    stateCell(node),
    { text: String(node.votes ?? '-'), right: true },
    { text: String(node.joins ?? '-'), right: true },
    { text: node.ifLost ?? '-', stress: node.ifLost === 'inquorate' ? 'doubtful' : 'plain' },
    { text: String(node.configVersion ?? '-') },
  ]);
  return columns(NODE_HEADS, rows, paint, NODE_HEADS.indexOf('NAME'));
}

function stateCell({ local, state }: ClusterNode): Cell {
  if (state !== 'member') return { text: state, stress: 'bad' };
  return { text: local ? 'this node' : state, stress: 'good' };
}

/** A row for each other node, and a column for each link. */
function linkLines(state: ClusterState, paint: Paint): string[] {
  const { links = [], nodes } = state;
  if (links.length === 0) return [];
  const numbers = [...new Set(links.map(({ link }) => link))].sort((one, other) => one - other);
  const others = nodes.filter(({ id }) => links.some(({ nodeId }) => nodeId === id));
  const rows = others.map((node): Cell[] => [
    { text: nameOf(node) },
    ...numbers.map((number) =>
      linkCell(links.find(({ nodeId, link }) => nodeId === node.id && link === number)),
    ),
  ]);
  return ['', ...columns(['LINKS TO', ...numbers.map(String)], rows, paint, 0)];
}

function linkCell(link: ClusterLink | undefined): Cell {
  if (link === undefined) return { text: '-' };
  if (!link.connected) return { text: 'DOWN', stress: 'bad' };
  const { flaps = 0 } = link;
  return flaps === 0 ? { text: 'up', stress: 'good' } : { text: `up ${flaps}x`, stress: 'doubtful' };
}

function totemLines(state: ClusterState): string[] {
  const { totem, scheduling, config } = state;
  const miss = scheduling?.misses[0];
  return [
    ...(totem === undefined ? [] : [fact('totem', totemText(totem))]),
    ...(miss === undefined
      ? []
      : [fact('schedule', `missed by ${Math.round(miss.delayMs)} ms at ${clock(miss.at)}`)]),
    fact('config', configText(config)),
    ...driftSentences(state, config.drift ?? []).flatMap(indented),
  ];
}

/** Where the text of facts is. */
function indented(text: string): string[] {
  const lines = wrapped(escapeControls(text), WIDTH - LABEL_WIDTH, '  ');
  return lines.map((line) => `${' '.repeat(LABEL_WIDTH)}${line}`);
}

function totemText(totem: ClusterTotem): string {
  const { tokenMs, silenceMs, longestSilenceMs, rotationMs, retransmits, tokenLost } = totem;
  const silence = longestSilenceMs ?? silenceMs;
  const facts = [
    ...(tokenMs === undefined ? [] : [`token ${tokenMs} ms`]),
    ...(silence === undefined ? [] : [`silent ${silence} ms`]),
    ...(rotationMs === undefined ? [] : [`rotation ${rotationMs} ms`]),
    ...(tokenLost.operational === undefined ? [] : [`lost ${tokenLost.operational}`]),
    ...(retransmits === undefined ? [] : [`retransmits ${retransmits}`]),
  ];
  return facts.join(', ');
}

function configText({ version, lastReload, stuck, drift, mistake }: ClusterConfig): string {
  const reload =
    lastReload === undefined ? 'not reloaded' : `last reload ${lastReload.ok ? 'good' : 'FAILED'}`;
  return [
    ...(version === undefined ? [] : [`version ${version}`]),
    reload,
    ...(stuck ? ['STUCK'] : []),
    ...(drift === undefined ? [] : [drift.length === 0 ? 'as in the file' : 'NOT as in the file:']),
    ...(mistake === undefined ? [] : ['the file has a MISTAKE']),
  ].join(', ');
}

function eventLines(latest: readonly ClusterEvent[], paint: Paint): string[] {
  if (latest.length === 0) return [];
  return ['', ...latest.map((event) => eventText(event, paint))];
}

const SEVERITY_STRESSES: Readonly<Record<ClusterSeverity, Stress>> = {
  info: 'plain',
  notice: 'plain',
  warning: 'doubtful',
  error: 'bad',
  critical: 'bad',
};

function eventText({ heardAt, severity, message, explainedBy }: ClusterEvent, paint: Paint): string {
  const head = `${clock(heardAt)}  ${severity.padEnd(8)}  `;
  const why = explainedBy === undefined ? '' : ` (${explainedBy.type})`;
  return paint(cut(head + escapeControls(message + why), WIDTH), SEVERITY_STRESSES[severity]);
}

function fact(label: string, text: string): string {
  return cut(`${label.padEnd(LABEL_WIDTH)}${escapeControls(text)}`, WIDTH);
}

/** The time of day here, as whoever looks reads it off his wall; with the day where it is not today. */
function clock(time: Date): string {
  const [day, now] = [time, new Date()].map((date) => date.toLocaleDateString('sv'));
  const hours = time.toLocaleTimeString('sv');
  return day === now ? hours : `${day ?? ''} ${hours}`;
}
