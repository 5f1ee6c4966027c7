/** What is asked of an AbortSignal, made by somebody else; `own` replaces some of it. */
export function foreignSignal(own: object = {}): AbortSignal {
  const target = new EventTarget();
  const signal = {
    aborted: false,
    reason: undefined as unknown,
    addEventListener: target.addEventListener.bind(target),
    removeEventListener: target.removeEventListener.bind(target),
    dispatchEvent: target.dispatchEvent.bind(target),
    ...own,
  };
  return signal as unknown as AbortSignal;
}
