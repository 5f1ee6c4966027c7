/** libqb and corosync write integers in the host's byte order; a client always runs on the same host. */
export const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
