import { malformed } from '../../codec/malformed.ts';
import type { RequestMessage } from '../../codec/message.ts';
import { ConnectionError, csErrorFromCode, csErrorName } from '../../errors/index.ts';

/** corosync drops an answer that it cannot send, and says nothing. */
export function lostAnswers(requestsWere: 'handled' | 'taken', missing: number): ConnectionError {
  const detail = `corosync has ${requestsWere} every request, but of its answers ${missing} did not come`;
  return new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection', detail });
}

/** What an answer that is an error rejects its call with. */
export function errorAnswer({ operation, key, hints }: RequestMessage<unknown>, error: number): Error {
  const name = csErrorName(error);
  const detail = name === undefined ? undefined : hints?.[name];
  return csErrorFromCode(error, { operation, key, detail, sent: 'yes' });
}

/** It ends the connection: nothing that follows can be told apart any more. */
export function wrongAnswer(message: RequestMessage<unknown>, id: number): Error {
  return malformed(`answer ${id} to ${message.operation}, which is answered by ${message.responseId}`);
}
