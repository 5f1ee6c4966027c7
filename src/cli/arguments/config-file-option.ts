import type { OptionValues } from '../command.ts';

/** An option of those commands that compare the file with what runs. */
export const CONFIG_FILE_OPTION = { 'config-file': { type: 'string' } } as const;

export const CONFIG_FILE_HELP = `  --config-file PATH
                  the corosync.conf that corosync was started with, to compare it
                  with what runs; default /etc/corosync/corosync.conf, if it is of this
                  cluster, and none where a directory of corosync is given`;

/** What is given; `undefined`: it is for the library to find. */
export function configFileOf({ 'config-file': path }: OptionValues): string | undefined {
  return typeof path === 'string' ? path : undefined;
}
