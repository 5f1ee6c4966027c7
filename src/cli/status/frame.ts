import type { ClusterEvent, ClusterState } from '../../index.ts';
import { screen } from './screen.ts';
import type { Paint } from './style.ts';
import type { Remark } from './verdict.ts';

/** Home, and what was there goes: less of a flicker than an empty screen. */
const HOME = '\x1b[H';
const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
/** What is longer than a line is cut off by the terminal: a further line would push the first one out. */
const NO_WRAP = '\x1b[?7l';
const WRAP = '\x1b[?7h';

/** A terminal's whole content: the text, the first lines of it where there is no room for all. @param rows 0: a terminal does not know */
export function frame(text: string, rows = 0): string {
  const lines = text.split('\n').slice(0, -1);
  // The cursor stands on the last one.
  const room = rows === 0 ? lines.length : Math.max(rows - 1, 1);
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), '...'];
  return [NO_WRAP, HOME, ...shown.map((line) => `${line}${CLEAR_LINE_END}\n`), CLEAR_BELOW, WRAP].join('');
}

/** The screen with as many of the latest events as there is room for. */
export function fittingScreen(
  state: ClusterState,
  latest: readonly ClusterEvent[],
  paint: Paint,
  rows = 0,
  others: readonly Remark[] = [],
): string {
  if (rows === 0) return screen(state, latest, paint, others);
  const without = screen(state, [], paint, others).split('\n').length;
  const room = Math.max(rows - 1 - without, 0);
  return screen(state, room === 0 ? [] : latest.slice(-room), paint, others);
}
