/** What glibc's strerror says of the errors that opening a file can end with; libuv has texts of its own. */
const TEXTS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'Permission denied'],
  ['EBUSY', 'Device or resource busy'],
  ['EINTR', 'Interrupted system call'],
  ['EINVAL', 'Invalid argument'],
  ['EIO', 'Input/output error'],
  ['EISDIR', 'Is a directory'],
  ['ELOOP', 'Too many levels of symbolic links'],
  ['EMFILE', 'Too many open files'],
  ['ENAMETOOLONG', 'File name too long'],
  ['ENFILE', 'Too many open files in system'],
  ['ENODEV', 'No such device'],
  ['ENOENT', 'No such file or directory'],
  ['ENOMEM', 'Cannot allocate memory'],
  ['ENOTDIR', 'Not a directory'],
  ['ENXIO', 'No such device or address'],
  ['EOVERFLOW', 'Value too large for defined data type'],
  ['EPERM', 'Operation not permitted'],
  ['ESTALE', 'Stale file handle'],
  ['ETIMEDOUT', 'Connection timed out'],
  ['ETXTBSY', 'Text file busy'],
]);

/** The text of a system error as the C library words it, or `undefined` if it is none that is known here. */
export function strerror(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return TEXTS.get(error.code);
}
