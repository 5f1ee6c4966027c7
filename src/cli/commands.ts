import { CPG_COMMAND } from './cpg/command.ts';
import { CLUSTER_COMMANDS } from './cluster/commands.ts';
import type { Command } from './command.ts';
import { JSON_HELP, JSON_OPTION } from './arguments/json-option.ts';
import { STATUS_COMMANDS } from './status/commands.ts';

/** Every command by its name, in the order in which help lists them. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  [
    'get',
    {
      summary: 'print the values of keys',
      options: { ...JSON_OPTION, raw: { type: 'boolean' } },
      load: async () => (await import('./commands/get.ts')).get,
      help: `Usage: corosync-client get KEY...

Prints the value of each key on a line of its own, without its name. Binary values
are shown with \\xNN for bytes that are not printable; on a terminal, control
characters in texts are, too. Keys that cannot be got are reported, the others are
printed all the same; the exit code is then 1.

${JSON_HELP}
  --raw           print the bytes of the value and nothing else, for one key

Examples:
  corosync-client get totem.cluster_name
  corosync-client get --json runtime.votequorum.this_node_id runtime.config.totem.token
  corosync-client get --raw my.certificate > certificate.der`,
    },
  ],
  [
    'set',
    {
      summary: 'create a key or change its value',
      options: { base64: { type: 'boolean' } },
      load: async () => (await import('./commands/set.ts')).set,
      help: `Usage: corosync-client set KEY TYPE VALUE

TYPE is one of i8 u8 i16 u16 i32 u32 i64 u64 flt dbl str bin, or a long name: int8
uint8 int16 uint16 int32 uint32 int64 uint64 float double string binary. Whole
numbers are decimal or, with 0x, hexadecimal, and must fit the type. For bin, VALUE
is the name of a file, or - for standard input. The change is made on this node only,
and lasts until corosync stops. Put -- before a VALUE that starts with - and is no
number.

  --base64        with bin: VALUE is the value itself, in base64

Examples:
  corosync-client set my.limit u32 4096
  corosync-client set my.offset i32 -5
  corosync-client set my.options str -- --verbose
  corosync-client set my.certificate bin certificate.der
  corosync-client set my.flag bin --base64 AAEC`,
    },
  ],
  [
    'delete',
    {
      summary: 'remove keys',
      options: {},
      load: async () => (await import('./commands/delete.ts')).deleteKeys,
      help: `Usage: corosync-client delete KEY...

Removes each key. Keys that cannot be removed are reported, the others are removed
all the same; the exit code is then 1.

Example:
  corosync-client delete my.limit my.offset`,
    },
  ],
  [
    'inc',
    {
      summary: 'add to an integer',
      options: { by: { type: 'string' } },
      load: async () => (await import('./commands/adjust.ts')).increment,
      help: `Usage: corosync-client inc KEY [--by N]

Adds to a key of an integer type, atomically. Beyond its range the value wraps around.

  --by N          how much, 1 to 2147483647; 1 if not given

Example:
  corosync-client inc my.counter --by 10`,
    },
  ],
  [
    'dec',
    {
      summary: 'subtract from an integer',
      options: { by: { type: 'string' } },
      load: async () => (await import('./commands/adjust.ts')).decrement,
      help: `Usage: corosync-client dec KEY [--by N]

Subtracts from a key of an integer type, atomically. Beyond its range the value wraps
around.

  --by N          how much, 1 to 2147483647; 1 if not given

Example:
  corosync-client dec my.counter`,
    },
  ],
  [
    'list',
    {
      summary: 'print keys with their types and values',
      options: JSON_OPTION,
      load: async () => (await import('./commands/list.ts')).list,
      help: `Usage: corosync-client list [PREFIX...]

Prints all keys, or those that start with one of the prefixes, as KEY (TYPE) = VALUE.
Control characters and backslashes in values are shown as \\xNN and \\\\. The exit code
is 1 if there is no key for some prefix.

${JSON_HELP}

Examples:
  corosync-client list
  corosync-client list runtime.members. nodelist.
  corosync-client list --map stats --json stats.knet.`,
    },
  ],
  [
    'track',
    {
      summary: 'print changes as they happen',
      options: { ...JSON_OPTION, prefix: { type: 'boolean' }, events: { type: 'string' } },
      load: async () => (await import('./commands/track.ts')).track,
      help: `Usage: corosync-client track KEY...
       corosync-client track --prefix [PREFIX...]

Prints a line for each change until Ctrl-C or SIGTERM, which end it with exit code 0.
If corosync goes away the exit code is 1; the command follow waits for it instead. If
more changes come in than the reader of the output takes, an overflow line stands where
some are missing.

  --prefix        follow all keys that start with PREFIX; without one, all keys
  --events LIST   only these of add,delete,modify
${JSON_HELP}

Corosync crashes when anybody sets quorum.cancel_wait_for_all or runtime.force_gather
while a prefix that covers the key is tracked. In production use narrower ones, as
runtime.members. or nodelist.: neither all keys, nor runtime. or quorum.

In the stats map corosync looks at values every 1.5 s only, and tells no old values;
--prefix needs the events add and delete there.

Examples:
  corosync-client track --prefix runtime.members.
  corosync-client track --json config.reload_in_progress | jq .
  corosync-client track --map stats stats.knet.node2.link0.connected`,
    },
  ],
  [
    'follow',
    {
      summary: 'print values and changes, across restarts of corosync',
      options: {
        ...JSON_OPTION,
        prefix: { type: 'boolean' },
        events: { type: 'string' },
        'cover-crashing-keys': { type: 'boolean' },
      },
      load: async () => (await import('./commands/follow.ts')).follow,
      help: `Usage: corosync-client follow KEY...
       corosync-client follow --prefix PREFIX...

Prints the present values, then a line for each change, until Ctrl-C or SIGTERM, which
end it with exit code 0. If corosync is not there, or goes away, it waits and connects
again; a line "lost" tells of the gap, and after it the changes that were missed are
found by comparing. Troubles go to standard error.

  --prefix        follow all keys that start with PREFIX
  --events LIST   changes: only these of add,delete,modify
  --cover-crashing-keys
                  allow prefixes that cover quorum.cancel_wait_for_all or
                  runtime.force_gather: while such a prefix is tracked, corosync
                  crashes as soon as anybody sets the key
${JSON_HELP}

In the stats map corosync looks at values every 1.5 s only.

Examples:
  corosync-client follow --prefix runtime.members. nodelist.
  corosync-client follow --map stats --prefix stats.knet. --json | jq .`,
    },
  ],
  ...STATUS_COMMANDS,
  ...CLUSTER_COMMANDS,
  ['cpg', CPG_COMMAND],
  [
    'doctor',
    {
      summary: 'say why corosync can or cannot be reached from here',
      options: JSON_OPTION,
      load: async () => (await import('./commands/doctor.ts')).doctor,
      help: `Usage: corosync-client doctor

Looks at what lies between this process and corosync: what both may do, its socket and
its services, namespaces, shared memory, limits, the rules for users, the versions; then
connects, once, and gets a value; not where that would harm corosync. Prints a line for
each finding: ok, note or problem, with its name, and below it what to do. Root sees
most. It only reads, but a corosync that refuses the connection logs that it did. The
exit code is 0 if the get worked, and 1 if not, also where there is no connection.
docs/doctor.md has the cause and the remedy of each finding.

${JSON_HELP}

Examples:
  corosync-client doctor
  sudo -u monitoring corosync-client doctor --json
  corosync-client doctor --shm-directory /proc/4711/root/dev/shm`,
    },
  ],
]);
