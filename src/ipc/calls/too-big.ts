import type { AnyMessage } from '../../codec/message.ts';
import { CsError } from '../../errors/index.ts';

/** The most bytes that a connection carries, in either direction. */
export interface MessageLimits {
  readonly request: number;
  readonly answer: number;
}

/** The error of a call whose request or answer does not fit; it concerns that call alone, and nothing is sent. */
export function refuseTooBig(message: AnyMessage, limits: MessageLimits): CsError | undefined {
  const { operation, key, size } = message;
  const refused = (what: string, most: number): CsError =>
    new CsError('CS_ERR_TOO_BIG', {
      operation,
      key,
      detail: `the ${what} bytes, and this connection carries at most ${most}`,
    });
  if (size > limits.request) return refused(`request has ${size}`, limits.request);
  const answerSize = message.answer === 'never' ? 0 : message.maxResponseSize;
  if (answerSize > limits.answer) return refused(`answer may have ${answerSize}`, limits.answer);
  return undefined;
}
