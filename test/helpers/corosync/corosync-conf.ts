export interface CorosyncConfOptions {
  /** Default 'private'. */
  readonly clusterName?: string;
  /** Lines added to a section, e.g. { totem: 'token: 3000' }. A section that is not there yet is created. */
  readonly config?: Readonly<Record<string, string>>;
  /**
   * The addresses of a cluster's nodes, the first one's first; those of a node with several links are joined by commas.
   * Default: one node, alone on the loopback.
   */
  readonly nodes?: readonly string[];
  /** The nodes' names, where they are not node1 and so on; an empty one is none. */
  readonly names?: readonly string[];
  /** The nodes' ids, where they are not 1 and so on. */
  readonly nodeIds?: readonly number[];
  /** Default: votequorum. `'none'`: the cluster is always quorate, and there is no votequorum. */
  readonly provider?: 'corosync_votequorum' | 'none';
  /** Which transport corosync offers to its clients: shared memory or datagram sockets. */
  readonly ipcType?: 'shm' | 'socket';
  /** A user and a group, numbers or names, that may connect although they are not root. */
  readonly uidgid?: { readonly uid?: number | string; readonly gid?: number | string };
}

function node(addresses: string, index: number, { names, nodeIds }: CorosyncConfOptions): string {
  const name = names?.[index] ?? `node${index + 1}`;
  const nodeId = nodeIds?.[index] ?? index + 1;
  const links = addresses.split(',').map((address, link) => `ring${link}_addr: ${address}`);
  const named = name === '' ? [] : [`name: ${name}`];
  return ['node {', ...named, `nodeid: ${nodeId}`, ...links].join('\n    ') + '\n  }';
}

/** The text of a corosync.conf. */
export function corosyncConf(logFile: string, options: CorosyncConfOptions = {}): string {
  const sections = new Map<string, string[]>([
    [
      'totem',
      [
        'version: 2',
        `cluster_name: ${options.clusterName ?? 'private'}`,
        'transport: knet',
        'crypto_cipher: none',
        'crypto_hash: none',
      ],
    ],
    ['nodelist', (options.nodes ?? ['127.0.0.1']).map((links, index) => node(links, index, options))],
    ['quorum', options.provider === 'none' ? [] : ['provider: corosync_votequorum']],
    [
      'logging',
      ['to_logfile: yes', `logfile: ${logFile}`, 'to_syslog: no', 'to_stderr: no', 'timestamp: hires'],
    ],
    ['system', [`qb_ipc_type: ${options.ipcType ?? 'shm'}`, 'move_to_root_cgroup: no']],
  ]);
  if (options.uidgid) {
    sections.set(
      'uidgid',
      Object.entries(options.uidgid).map(([kind, id]) => `${kind}: ${id}`),
    );
  }
  for (const [name, text] of Object.entries(options.config ?? {})) {
    sections.set(name, [...(sections.get(name) ?? []), text]);
  }
  return [...sections].map(([name, lines]) => `${name} {\n  ${lines.join('\n  ')}\n}\n`).join('');
}
