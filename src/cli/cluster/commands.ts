import type { Command } from '../command.ts';
import { JSON_HELP, JSON_OPTION } from '../arguments/json-option.ts';

/** The commands that tell of the cluster, by their names. */
export const CLUSTER_COMMANDS: readonly (readonly [string, Command])[] = [
  [
    'quorum',
    {
      summary: 'say whether the cluster is quorate, and how many votes it has',
      options: { ...JSON_OPTION, watch: { type: 'boolean' } },
      load: async () => (await import('../commands/quorum.ts')).quorum,
      help: `Usage: corosync-client quorum [--watch]

Prints whether this node belongs to a quorate cluster, its id, the ids of the members,
the id of the ring, and, where votequorum is the provider of quorum, the votes, the
flags that are set, and the quorum device of this node. The exit code is 0 if the
cluster is quorate, and 4 if it is not. Without a provider it always is.

  --watch         print what holds, then a line for each change, until Ctrl-C or SIGTERM,
                  which end it with exit code 0. If corosync is not there, or goes away,
                  it waits and connects again
${JSON_HELP}

Examples:
  corosync-client quorum
  corosync-client quorum --watch --json | jq -c .
  corosync-client quorum >/dev/null && echo quorate`,
    },
  ],
  [
    'members',
    {
      summary: 'print the nodes, and which of them are members',
      options: JSON_OPTION,
      load: async () => (await import('../commands/members.ts')).members,
      help: `Usage: corosync-client members

Prints a line for each node of the configuration, and for each member that is not there:
its id, its name, whether it is a member, its votes, and its addresses in the order of
the links. A - stands for what is not known: a name that is not configured, or votes
where there is no votequorum, or it has never seen the node.

${JSON_HELP}

Example:
  corosync-client members --json | jq -r 'select(.member | not) | .name'`,
    },
  ],
  [
    'links',
    {
      summary: 'print the links to the other nodes, and which are connected',
      options: JSON_OPTION,
      load: async () => (await import('../commands/links.ts')).links,
      help: `Usage: corosync-client links

Prints a line for each link to each other node of the configuration, as this node sees
it: the id and the name of the node, the number of the link, whether it is connected,
its MTU in bytes (the last known one if it is not connected), and the other node's
address. The exit code is 0 if all links are connected, and 4 if one is not.

${JSON_HELP}

Example:
  corosync-client links --json | jq -c 'select(.connected | not)'`,
    },
  ],
];
