import { setTimeout as sleep } from 'node:timers/promises';
import { CsError } from '../errors/index.ts';
import { within } from '../ipc/index.ts';
import type { CallLimits } from '../options/call-options.ts';
import type { CallSubject } from '../service/index.ts';

/** Milliseconds between attempts: twice as long each time. libcpg tries again without a pause, which costs both a processor. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [10, 500];

/** Sends a request. @param onOver see SubmitOptions */
type Attempt = (onOver: (succeeded: boolean) => void) => Promise<void>;

/** A request that is made again as long as corosync answers that it cannot now: it is so while nodes come and go. */
export class PatientRequest {
  readonly #subject: CallSubject;
  readonly #rest: () => CallLimits;
  readonly #attempt: Attempt;
  #mayTakeEffect = false;

  constructor(subject: CallSubject, rest: () => CallLimits, attempt: Attempt) {
    this.#subject = subject;
    this.#rest = rest;
    this.#attempt = attempt;
  }

  /** Whether corosync has taken it, or may still: not where it has refused it, or was not sent it. */
  get mayTakeEffect(): boolean {
    return this.#mayTakeEffect;
  }

  async make(): Promise<void> {
    for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(ms * 2, LONGEST_PAUSE_MS)) {
      try {
        this.#mayTakeEffect = true;
        await this.#attempt((succeeded) => (this.#mayTakeEffect = succeeded));
        return;
      } catch (error) {
        if (!(error instanceof CsError) || error.code !== 'CS_ERR_TRY_AGAIN') throw error;
        await pause(ms, this.#subject, this.#rest(), error);
      }
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
