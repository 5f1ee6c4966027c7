import type { Command } from '../command.ts';
import { CONFIG_FILE_HELP, CONFIG_FILE_OPTION } from '../arguments/config-file-option.ts';
import { JSON_HELP, JSON_OPTION } from '../arguments/json-option.ts';

const IGNORE_LEFT = { 'ignore-left-nodes': { type: 'boolean' } } as const;
const IGNORE_LEFT_HELP = `  --ignore-left-nodes
                  nodes that are not members are meant to be away: they, and their
                  links, are nothing to warn of`;

/** What Nagios takes for "unknown". */
const UNKNOWN = 3;

/** The commands that tell of the whole cluster, by their names. */
export const STATUS_COMMANDS: readonly (readonly [string, Command])[] = [
  [
    'status',
    {
      summary: 'show the whole cluster on one screen',
      options: {
        ...JSON_OPTION,
        ...IGNORE_LEFT,
        ...CONFIG_FILE_OPTION,
        watch: { type: 'boolean' },
        check: { type: 'boolean' },
        quiet: { type: 'boolean' },
      },
      load: async () => (await import('../commands/status.ts')).status,
      help: `Usage: corosync-client status [--watch | --check]

Shows the cluster as this node sees it, in 80 columns: first what is to be said of it,
the worst on top; then votes, nodes, links, totem and the configuration. It changes
nothing. The exit code is 0 if the cluster is well or there is only a warning, and 4 if
it is not quorate, a member has no link, or nothing is known for certain.

  --watch         go on until Ctrl-C or SIGTERM, which end it with exit code 0, with the
                  latest events below. If corosync is not there, or goes away, it waits.
                  With --json, a line for each change
  --check         as the command check does it, of all
${CONFIG_FILE_HELP}
${JSON_HELP}

On a terminal there are colours, unless NO_COLOR is set or TERM is dumb.

Examples:
  corosync-client status
  corosync-client status --watch
  corosync-client status --json | jq -r .quorum.quorate`,
    },
  ],
  [
    'check',
    {
      summary: 'check the cluster as a plugin of Nagios or Icinga does',
      options: { ...IGNORE_LEFT, ...CONFIG_FILE_OPTION, quiet: { type: 'boolean' } },
      failure: UNKNOWN,
      load: async () => (await import('../commands/check.ts')).check,
      help: `Usage: corosync-client check [quorum | links | members | all]

Looks once, and prints a line with performance data. The exit code is that of a plugin:

  0  ok
  1  warning: a node is not a member (of quorum: and no further one can be lost); a
     link to a member is down; the quorum device does not report; of all: the last
     reload of the configuration failed, or corosync.conf is not what corosync runs with
  2  critical: the cluster is not quorate; a member has no link that is up; corosync
     cannot form a cluster, for a firewall or a network interface
  3  it cannot be told: corosync is not there, denies access, does not answer within
     --timeout (here 5000 by default), or is finding out what the cluster is; also a
     wrong command line

Without an argument it checks all.

${IGNORE_LEFT_HELP}
${CONFIG_FILE_HELP}
  --quiet         print nothing

Examples:
  corosync-client check
  corosync-client check links --ignore-left-nodes
  corosync-client check quorum --quiet`,
    },
  ],
  [
    'events',
    {
      summary: 'print what happens to the cluster, run a command for it, keep a file',
      options: {
        ...JSON_OPTION,
        ...IGNORE_LEFT,
        ...CONFIG_FILE_OPTION,
        type: { type: 'string' },
        'min-severity': { type: 'string' },
        node: { type: 'string' },
        link: { type: 'string' },
        unexplained: { type: 'boolean' },
        exec: { type: 'string' },
        'exec-latest': { type: 'boolean' },
        'exec-timeout': { type: 'string' },
        'state-file': { type: 'string' },
        'state-of': { type: 'string' },
      },
      load: async () => (await import('../commands/events.ts')).events,
      help: `Usage: corosync-client events [OPTION...]
       corosync-client events [OPTION...] --exec COMMAND [-- ARGUMENT...]

Prints a line for each event until Ctrl-C or SIGTERM, which end it with exit code 0. The
first is a snapshot. If corosync is not there, or goes away, it waits, and says so by
events. docs/cluster.md lists the types, as link.down or member.failed. If the reader of
the output is slow, an event says how many are missing.

  --type T,...    only these
  --min-severity S
                  only what matters as much: info, notice, warning, error or critical
  --node N,...    only what is about these nodes, by name or id
  --link N,...    only what is about these links, by number
  --unexplained   leave out what another event explains, as the links of a node that left
${CONFIG_FILE_HELP}
${JSON_HELP}

  --exec COMMAND  run it for each event: one run at a time, in the order of the events.
                  It is a program, and no shell is asked. The event is on its standard
                  input, as --json prints it, and in COROSYNC_EVENT_TYPE, _SEVERITY,
                  _MESSAGE, _TIME, _NODE, _NODE_NAME, _LINK, _QUORATE, _EXPLAINED_BY
  --exec-latest   of the events that wait for a run, run it for the newest only
  --exec-timeout S
                  seconds that a run may take before it is ended; default 30

  --state-file PATH
                  keep a number in this file, as check has it as exit code: 0 well, 1
                  warning, 2 critical, 3 not known. Readers never see half of it. It is
                  written anew each 10 seconds: one that is older has no writer
  --state-of WHAT what it is about: quorum, links, members or all (default); or json:
                  the file then has all that is known, as status --json prints it
${IGNORE_LEFT_HELP}

Examples:
  corosync-client events --json --min-severity warning
  corosync-client events --type member.failed,quorum.lost --exec /usr/local/bin/page
  corosync-client events --exec logger -- -t corosync
  corosync-client events --state-file /run/quorum --state-of quorum >/dev/null`,
    },
  ],
  [
    'wait',
    {
      summary: 'wait until the cluster is quorate, a node is there, or all are',
      options: {},
      ownTimeout: true,
      load: async () => (await import('../commands/wait.ts')).wait,
      help: `Usage: corosync-client wait quorate | member=NAME | link-up | whole ... [--timeout S]

Waits until all that is named holds at once, and corosync is sure of it. It waits for
corosync, too, and says once what is in the way.

  quorate         the cluster may work
  member=NAME     the node of this name, or id, is a member
  link-up         a link to another node is up
  whole           all nodes are members, all links are up, and the cluster is quorate
  --timeout S     give up after so many seconds, or 500ms, 5min, 1h; default: never

The exit code is 0 if it holds, and 1 if the time is up; what is missing is then told.
A corosync that has just started is sure after its token and consensus timeouts: after
seven seconds where nothing else is configured.

Examples:
  corosync-client wait quorate --timeout 60
  corosync-client wait quorate member=node1`,
    },
  ],
];
