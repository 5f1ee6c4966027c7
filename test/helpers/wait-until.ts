import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/** Long enough for a machine on which many others run, and shorter than a test may take: who waits in vain is to say so. */
const PATIENCE_MS = 25_000;

/** Waits until the condition holds. On failure the message says what was waited for, not just that time is up. */
export async function waitUntil(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { timeoutMs = PATIENCE_MS, everyMs = 20 }: WaitOptions = {},
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() >= deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await sleep(everyMs);
  }
}
