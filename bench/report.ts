import { cpus, release } from 'node:os';
import { meetsGoal, type Finding, type Goal } from './finding.ts';
import type { Summary } from './statistics.ts';

export function describeMachine(): string[] {
  const processors = cpus();
  return [
    `Node ${process.version}`,
    `Linux ${release()}`,
    `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown processor'}`,
  ];
}

const HEADINGS = ['', 'unit', 'ours', 'other', '', 'ratio', 'goal', '', ''];

export function formatFindings(findings: readonly Finding[]): string {
  const lines = [HEADINGS, ...findings.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) => formatLine(line, widths)).join('\n');
}

function formatLine(line: readonly string[], widths: readonly number[]): string {
  return `  ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
}

function cells(finding: Finding): string[] {
  const { what, unit, ours, other, ratio, goal, details = {} } = finding;
  const met = meetsGoal(finding);
  return [
    what,
    unit,
    formatSummary(ours),
    other === undefined ? '' : formatSummary(other),
    other?.name ?? '',
    ratio === undefined ? '' : formatSummary(ratio),
    goal === undefined ? '' : formatGoal(goal),
    met === undefined ? '' : met ? 'met' : 'MISSED',
    Object.entries(details)
      .map(([name, { median }]) => `${name} ${formatNumber(median)}`)
      .join(', '),
  ];
}

function formatSummary({ median, min, max }: Summary): string {
  if (min === max) return formatNumber(median);
  return `${formatNumber(median)} (${formatNumber(min)}..${formatNumber(max)})`;
}

function formatNumber(value: number): string {
  if (Math.abs(value) >= 1000) return value.toFixed(0);
  return value === 0 ? '0' : value.toPrecision(3);
}

function formatGoal({ of, atMost, atLeast }: Goal): string {
  const limit = atMost === undefined ? `>= ${formatNumber(atLeast ?? NaN)}` : `<= ${formatNumber(atMost)}`;
  return of === 'ratio' ? limit : `ours ${limit}`;
}
