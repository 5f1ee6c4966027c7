/** An error as the system's calls throw it, with such a code, for example `'ENOENT'`. */
export function systemError(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}
