import { expect } from 'vitest';
import type { FindingId } from '../../../src/cli/doctor/finding-ids.ts';
import type { Finding } from '../../../src/cli/doctor/finding.ts';
import { built, shell } from '../../cli/program.ts';

/** A user without a rule of its own. */
export const NOBODY = 'setpriv --reuid=65534 --regid=65534 --clear-groups';

/** What corosync may log about those whom it refuses. */
export const DENIED = /Denied connection attempt|Invalid IPC credentials/;

export interface Diagnosis {
  readonly code: number;
  readonly findings: readonly Finding[];
  /** The findings of a check that are not ok. */
  complaints(check: string): Finding[];
  /** All findings but those that are ok, by check and level. */
  readonly summary: string[];
  /** The same by their names, without the verdict. */
  readonly ids: (FindingId | undefined)[];
  /** The finding of that name; fails if it is not there. */
  found(id: FindingId): Finding;
}

/** Runs doctor as a line of bash says, with TOOL for the program. */
export async function diagnose(line = 'TOOL doctor'): Promise<Diagnosis> {
  const { stdout, stderr, code } = await shell(`${line.replaceAll('TOOL', built('main'))} --json`);
  expect(stderr).toBe('');
  const lines = stdout.toString().trimEnd().split('\n');
  const findings = lines.map((text) => JSON.parse(text) as Finding);
  const bad = findings.filter(({ level }) => level !== 'ok');
  expect(findings.at(-1)).toMatchObject({ check: 'verdict', level: code === 0 ? 'ok' : 'problem' });
  return {
    code,
    findings,
    complaints: (check) => bad.filter((finding) => finding.check === check),
    summary: bad.map(({ check, level }) => `${check}: ${level}`),
    ids: bad.filter(({ check }) => check !== 'verdict').map(({ id }) => id),
    found: (id) => {
      const finding = findings.find((one) => one.id === id);
      if (finding === undefined) throw new Error(`no ${id} in:\n${stdout.toString()}`);
      return finding;
    },
  };
}

export function remedyOf(diagnosis: Diagnosis, check: string): string {
  return diagnosis.complaints(check).find(({ remedy }) => remedy !== undefined)?.remedy ?? 'no remedy';
}

/** The options that a remedy tells to use. */
export function optionsIn(remedy: string): string {
  return [...remedy.matchAll(/--[a-z-]+ [\w/.-]+/g)].map(([option]) => option).join(' ');
}

/** What a remedy tells to type, as far as a pattern of one group finds it; fails if it does not. */
export function commandIn({ remedy = '' }: Finding, pattern: RegExp): string {
  const command = pattern.exec(remedy)?.[1];
  if (command === undefined) throw new Error(`${pattern} finds no command in: ${remedy}`);
  return command;
}
