export { asError } from './as-error.ts';
export { CS_ERROR_CODES, csErrorName, csStrerror, type CsErrorName } from './cs-error-codes.ts';
export { ConnectionError, CsError, csErrorFromCode, type CsErrorContext, type Sent } from './cs-error.ts';
export { escapeCharacter, escapeControls, show, stringify } from './show.ts';
export { errnoToCsError, isNobodyThere, systemErrorName, systemErrorToCsError } from './errno.ts';
