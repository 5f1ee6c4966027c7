import type { Command } from '../command.ts';
import { JSON_HELP, JSON_OPTION } from '../arguments/json-option.ts';

/** The command that speaks to process groups. */
export const CPG_COMMAND: Command = {
  summary: 'listen to a process group, send to it, or print who is in it',
  options: { ...JSON_OPTION, pid: { type: 'string' }, binary: { type: 'boolean' } },
  load: async () => (await import('./cpg.ts')).cpg,
  help: `Usage: corosync-client cpg listen GROUP
       corosync-client cpg send GROUP [TEXT...]
       corosync-client cpg groups
       corosync-client cpg members GROUP

Process groups (CPG): all members of a group get the same messages, and the same changes
of members, in the same order, on all nodes. A group is there as long as it has members;
its name has 1 to 127 bytes.

  listen          join, and print each message and change until Ctrl-C or SIGTERM, which
                  leave the group and end it with exit code 0. If corosync goes away, or
                  the reader of the output is too slow for too long, the exit code is 1
  send            join, send, and leave when all messages have come back: then all members
                  on the nodes that can be reached get them. TEXT is one message, its
                  words with a space between. Without it each line of standard input is
                  one, until its end, or Ctrl-C; then what was read is sent
  groups          print the names of all groups
  members         print the nodes and the pids of the members; the exit code is 1 if there
                  is no such group

  --pid N         listen, send: join with this number instead of our process id, 0 to
                  4294967295. On one node no two members of a group may have the same; in
                  containers process ids may be
  --binary        send: all of standard input is one message
${JSON_HELP}

Examples:
  corosync-client cpg listen chat
  corosync-client cpg send chat hello everybody
  tail -f my.log | corosync-client cpg send logs
  corosync-client cpg listen chat --json | jq -r 'select(.event == "message") | .text'`,
};
