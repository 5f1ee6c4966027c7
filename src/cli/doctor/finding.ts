import type { FindingId } from './finding-ids.ts';

/** `problem` may stand in the way, `note` is worth knowing, `ok` is as it should be. */
export type Level = 'ok' | 'note' | 'problem';

/** One thing that doctor has seen. */
export interface Finding {
  readonly check: string;
  readonly level: Level;
  /** What is not as it should be; docs/doctor.md tells of each. */
  readonly id?: FindingId;
  readonly text: string;
  /** What to do about it; may have several lines. */
  readonly remedy?: string;
}

/** What one check says, without the check's name. */
export type Remark = Omit<Finding, 'check'>;

export function ok(text: string): Remark {
  return { level: 'ok', text };
}

export function note(id: FindingId, text: string, remedy?: string): Remark {
  return { level: 'note', id, text, ...(remedy === undefined ? {} : { remedy }) };
}

export function problem(id: FindingId, text: string, remedy?: string): Remark {
  return { level: 'problem', id, text, ...(remedy === undefined ? {} : { remedy }) };
}

/** What a check has said, with its name. */
export function under(check: string, remarks: readonly Remark[]): Finding[] {
  return remarks.map((remark) => ({ check, ...remark }));
}
