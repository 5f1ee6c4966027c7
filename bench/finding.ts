import { ratios, summarize, type Summary } from './statistics.ts';

/** A limit for one of the figures of a finding. */
export interface Goal {
  readonly of: 'ratio' | 'ours';
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** One line of the table. */
export interface Finding {
  readonly what: string;
  readonly unit: string;
  readonly ours: Summary;
  readonly other?: Summary & { readonly name: string };
  /** Ours divided by the other's, round by round. */
  readonly ratio?: Summary;
  readonly goal?: Goal;
  /** Figures that were measured along with ours. */
  readonly details?: Readonly<Record<string, Summary>>;
  /** All samples, in the order of the rounds. */
  readonly samples: { readonly ours: readonly number[]; readonly other?: readonly number[] };
}

interface Measured {
  readonly what: string;
  readonly unit: string;
  readonly ours: readonly number[];
  readonly goal?: Goal;
  readonly details?: Readonly<Record<string, Summary>>;
}

/** What was measured for us alone. */
export function finding({ ours, ...rest }: Measured): Finding {
  return { ...rest, ours: summarize(ours), samples: { ours } };
}

/** What was measured for us and for another, in the same rounds. */
export function comparison({
  ours,
  name,
  other,
  ...rest
}: Measured & { readonly name: string; readonly other: readonly number[] }): Finding {
  return {
    ...rest,
    ours: summarize(ours),
    other: { name, ...summarize(other) },
    ratio: summarize(ratios(ours, other)),
    samples: { ours, other },
  };
}

/** Undefined where there is no goal. */
export function meetsGoal({ goal, ours, ratio }: Finding): boolean | undefined {
  const value = goal?.of === 'ratio' ? ratio?.median : ours.median;
  if (goal === undefined || value === undefined) return undefined;
  return value <= (goal.atMost ?? Infinity) && value >= (goal.atLeast ?? -Infinity);
}
