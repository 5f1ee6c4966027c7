import { escapeControls } from '../../errors/index.ts';
import type { ClusterEvent } from '../../index.ts';

/** A line for a person. */
export function eventText({ heardAt, severity, type, message, explainedBy }: ClusterEvent): string {
  const why = explainedBy === undefined ? '' : ` (explained by ${explainedBy.type})`;
  return `${heardAt.toISOString()} ${severity.padEnd(8)} ${type} ${escapeControls(message)}${why}\n`;
}
