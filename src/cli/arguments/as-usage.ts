import { CsError } from '../../errors/index.ts';
import { UsageError } from '../exit-codes.ts';
import { explain } from '../printing/explain.ts';

/** What the library refuses before it asks corosync is a wrong command line. */
export function asUsage<T>(check: () => T, operation?: string): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof CsError) throw new UsageError(explain(error, operation));
    throw error;
  }
}
