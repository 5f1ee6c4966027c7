import { escapeControls } from '../../errors/index.ts';
import { jsonLine } from '../printing/json.ts';
import type { Finding } from './finding.ts';

const LEVEL_WIDTH = 'problem'.length;
const CHECK_WIDTH = 'shared memory'.length;
const INDENT = ' '.repeat(LEVEL_WIDTH + CHECK_WIDTH + 4);

/** A line for the finding, and lines below it for its remedy. Names of users, of files, of keys may hold anything. */
export function findingText({ level, check, id, text, remedy }: Finding): string {
  const name = id === undefined ? '' : ` [${id}]`;
  const line = `${level.padEnd(LEVEL_WIDTH)}  ${check.padEnd(CHECK_WIDTH)}  ${text}${name}`;
  const below =
    remedy === undefined
      ? []
      : remedy.split('\n').map((part, n) => `${INDENT}${n === 0 ? '-> ' : '   '}${part}`);
  return [line, ...below].map((part) => `${escapeControls(part)}\n`).join('');
}

export function findingLine({ check, level, id, text, remedy }: Finding): string {
  return jsonLine({ check, level, id, text, remedy });
}
