import { setTimeout as sleep } from 'node:timers/promises';
import { CsError } from '../errors/index.ts';
import { within } from '../ipc/index.ts';
import type { CallLimits } from '../options/call-options.ts';
import type { CallSubject } from '../service/index.ts';

/** Milliseconds between attempts: twice as long each time. libcpg tries again without a pause, which costs both a processor. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [10, 500];

/** Makes a request again as long as corosync answers that it cannot now: it is so while nodes come and go. */
export async function whileBusy(
  subject: CallSubject,
  rest: () => CallLimits,
  attempt: () => Promise<void>,
): Promise<void> {
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(ms * 2, LONGEST_PAUSE_MS)) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (!(error instanceof CsError) || error.code !== 'CS_ERR_TRY_AGAIN') throw error;
      await pause(ms, subject, rest(), error);
    }
  }
}

/** Leaves no timer behind. */
async function pause(ms: number, subject: CallSubject, limits: CallLimits, cause: CsError): Promise<void> {
  const { timeoutMs, signal } = limits;
  // A deadline that comes before the next attempt might as well come now, and say why.
  if (timeoutMs <= ms) throw cause;
  const over = new AbortController();
  try {
    await within(sleep(ms, undefined, { signal: over.signal }), { ...subject, timeoutMs, signal });
  } finally {
    over.abort();
  }
}
