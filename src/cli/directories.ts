import type { CmapConnectOptions } from '../index.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** The environment's defaults for the directories, so that a container can be set up once for all commands. */
export const DIRECTORY_VARIABLES = {
  socketDirectory: 'COROSYNC_CLIENT_SOCKET_DIRECTORY',
  sharedMemoryDirectory: 'COROSYNC_CLIENT_SHM_DIRECTORY',
} as const;

export function directoriesIn(
  variables: Variables,
): Pick<CmapConnectOptions, keyof typeof DIRECTORY_VARIABLES> {
  const { socketDirectory, sharedMemoryDirectory } = DIRECTORY_VARIABLES;
  return {
    socketDirectory: notEmpty(variables[socketDirectory]),
    sharedMemoryDirectory: notEmpty(variables[sharedMemoryDirectory]),
  };
}

function notEmpty(variable: string | undefined): string | undefined {
  return variable === '' ? undefined : variable;
}
