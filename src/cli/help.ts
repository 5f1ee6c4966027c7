import { COMMANDS } from './commands.ts';
import { DROP_INS } from './drop-in/names.ts';
import { UsageError } from './exit-codes.ts';

const GLOBAL_OPTIONS = `Options of all commands:
  --map MAP               icmap (default: configuration and run-time state) or stats
  --timeout MS            how long connecting and each call may take; default 30000
                          (doctor and check: 5000; wait has another one)
  --socket-name NAME      name of corosync's socket; default cmap
  --socket-directory DIR  where the socket is, if libqb uses filesystem sockets; default
                          $COROSYNC_CLIENT_SOCKET_DIRECTORY
  --shm-directory DIR     where corosync's /dev/shm is mounted; default
                          $COROSYNC_CLIENT_SHM_DIRECTORY, or else /dev/shm
  --buffer-size BYTES     size of the ring buffers, 65536 to 16777216
  -h, --help              print help`;

const EXIT_CODES = `Exit codes:
  0  done; also if the reader of standard output has gone (as with "| head")
  1  not done, or not all: a key is missing or read-only, corosync went away, ...
  2  the command line is wrong; nothing was done
  3  no connection to corosync: it is not running, or access is denied
  4  quorum: the cluster is not quorate; links: a link is not connected; status: the
     cluster is in trouble, or it is not known
check has its own: see corosync-client check --help.`;

const JSON_HELP = `Output with --json: one object a line.

get and list    {"key":"totem.token","type":"uint32","value":3000}
track           {"event":"modify","key":"my.limit",
                 "newValue":{"type":"uint32","value":2},
                 "oldValue":{"type":"uint32","value":1},
                 "time":"2025-01-31T12:00:00.000Z"}
                event is add, delete or modify. newValue or oldValue is null where
                there is none, or it is not known: of a modify in the stats map the
                old one. time is when the line was printed; while the reader of the
                output is slow that is later than the change.
track           {"event":"overflow","tracks":"my.","dropped":3,"time":"..."}
                3 notifications of the key or prefix my. are missing in this place.

follow          {"event":"snapshot","follows":"runtime.members.",
                 "entries":[{"key":...,"type":...,"value":...}],"time":"..."}
                then add, delete and modify as track has them, and
                "synthetic": true or false: whether it was found by comparing;
                {"event":"lost","follows":"runtime.members.",
                 "code":"CS_ERR_LIBRARY","message":"...","time":"..."}
                {"event":"resynced","follows":"runtime.members.","changes":3,
                 "time":"..."}
                {"event":"overflow","follows":"runtime.members.","dropped":3,
                 "time":"..."}
                3 changes are not told one by one; what they changed follows.
                follows is the key or prefix as it was given: with several of them,
                each has a snapshot, lost, resynced and overflow of its own.

quorum          {"quorate":true,"node":1,"members":[1,2,3],"ring":"1.1a",
                 "votes":{"expected":3,"highestExpected":3,"total":3,"quorum":2},
                 "flags":["quorate"],"device":null}
                ring is the node that represents the membership and a sequence number,
                both in hexadecimal. votes is null without votequorum. flags are those
                of docs/votequorum.md. device is the quorum device of this node:
                {"name":"...","votes":1,"alive":true,"castsVote":true,
                 "masterWins":false}
quorum --watch  {"event":"snapshot","quorate":true,"members":[1,2],"ring":"1.1a",
                 "time":"..."}
                then, as things change, the same with "event":"quorum", and
                {"event":"nodelist","joined":[3],"left":[],"quorate":true,
                 "members":[1,2,3],"ring":"1.1f","time":"..."}
                which has the members that are new, and still the old quorate; quorum
                follows. {"event":"lost","code":"...","message":"...","time":"..."}
                {"event":"resynced","changed":true,"quorate":true,"members":[1,2],
                 "ring":"1.24","time":"..."}
                {"event":"overflow","dropped":3,"quorate":true,"members":[1,2],
                 "ring":"1.24","time":"..."}
                3 changes are not told one by one; the rest is what holds by now.

status          {"format":1,"freshness":{"kind":"fresh","asOf":"2025-..."},
                 "name":"private","localNodeId":1,"ring":{"nodeId":1,"seq":"26"},
                 "quorum":{"quorate":true,...},"nodes":[...],"links":[...],...}
                The state of docs/cluster.md, by the names that it has there. What is
                not known is left out. Numbers of 64 bits are strings of digits, times
                are as in ISO 8601. format is 1. It grows when something has another
                meaning, or is not there any more; not when something is new.

events          {"type":"link.down","severity":"warning","message":"...",
                 "time":"...","notBefore":"...","inferred":true,"explainedBy":null,
                 "node":2,"name":"two","link":1,"last":false,
                 "quorate":true,"members":[1,2,3]}
                type and severity are those of docs/cluster.md. time is when it was
                noticed; it has not happened before notBefore. inferred: corosync did
                not tell it, it was found by comparing. explainedBy is
                {"type":"member.left","node":2} where another event explains it. node,
                name and link are null where it is about none. Behind them stands what
                events of this type have beside, as from and to. quorate and members
                are of the cluster just after it, and null where nothing is known.

members         {"node":1,"name":"one","local":true,"member":true,"votes":1,
                 "addresses":["10.0.0.1","10.1.0.1"]}
                name or votes is null where it is not known.

links           {"node":2,"name":"two","link":0,"connected":true,"mtu":1446,
                 "from":"10.0.0.1","to":"10.0.0.2"}
                from is empty with udp and udpu, which do not tell it.

cpg listen      {"event":"membership","joined":[{"node":1,"pid":7,"reason":"join"}],
                 "left":[],"members":[{"node":1,"pid":7}],"time":"..."}
                the first one is our own joining. reason is join, leave, process-down,
                node-up or node-down, or a number that corosync does not define.
                {"event":"message","node":2,"pid":8,"text":"...","time":"..."}
                instead of text, "base64" where the bytes are not valid UTF-8.
                {"event":"ring","ring":"1.1a","members":[1,2],"time":"..."}
                the nodes of the cluster, after the changes of members that they cause.
cpg groups      {"group":"chat","members":3}
cpg members     {"node":2,"pid":8}
                a group's name that is not valid UTF-8 is beside it as "groupBase64".

doctor          {"check":"socket","level":"problem","id":"socket-not-bound",
                 "text":"...","remedy":"..."}
                level is ok, note or problem; an ok has no id; remedy may have several
                lines, and is left out where there is nothing to do. The last check is
                verdict.

type            value
int8 ... uint32 number
int64, uint64   string of decimal digits, because JSON readers round large numbers
float, double   number, or one of the strings "NaN", "Infinity", "-Infinity", "-0"
string          string; if the value is not UTF-8, "bytes" beside it has it in base64
binary          string, base64
unknown         string, base64, and "typeCode" beside it: not a type of corosync`;

const CMAPCTL_HELP = `Usage: corosync-client cmapctl ARGUMENT...

Takes the arguments of corosync-cmapctl 3.1.7 and does what it does, with the same
output and exit codes. The command cmapctl is the same. See corosync-client cmapctl -h.`;

const QUORUMTOOL_HELP = `Usage: corosync-client quorumtool [--yes] ARGUMENT...

Takes the arguments of corosync-quorumtool 3.1.7 and does what it does, with the same
output and exit codes. The command quorumtool is the same. See corosync-client
quorumtool -h, and docs/command-line.md for what differs.

  --yes           do not ask, on a terminal, before votes are changed`;

const CFGTOOL_HELP = `Usage: corosync-client cfgtool [--yes] ARGUMENT...

Takes the arguments of corosync-cfgtool 3.1.7 and does what it does, with the same
output and exit codes. The command cfgtool is the same. See corosync-client cfgtool -h,
and docs/command-line.md for what differs.

  --yes           do not ask, on a terminal, before a node is killed or shut down`;

const CPGTOOL_HELP = `Usage: corosync-client cpgtool ARGUMENT...

Takes the arguments of corosync-cpgtool 3.1.7 and does what it does, with the same
output and exit codes. The command cpgtool is the same. See corosync-client cpgtool -h,
and docs/command-line.md for what differs.`;

const TOPICS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    json: JSON_HELP,
    cmapctl: CMAPCTL_HELP,
    quorumtool: QUORUMTOOL_HELP,
    cfgtool: CFGTOOL_HELP,
    cpgtool: CPGTOOL_HELP,
    help: 'Usage: corosync-client help [COMMAND | json]',
  }),
);

/** Help on a command or topic, or, without one, on everything in short. */
export function helpText(topic: string | undefined): string {
  if (topic === undefined) return overview();
  const text = TOPICS.get(topic) ?? commandHelp(topic);
  if (text === undefined) throw new UsageError(`there is no help on ${topic}`);
  return `${text}\n`;
}

function commandHelp(name: string): string | undefined {
  const command = COMMANDS.get(name);
  return command && `${command.help}\n\n${GLOBAL_OPTIONS}\n\n${EXIT_CODES}`;
}

const NAMES_WIDTH = 12;

function overview(): string {
  const commands = [...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(NAMES_WIDTH)}${summary}`);
  const dropIns = Object.entries(DROP_INS).map(
    ([name, tool]) => `  ${name.padEnd(NAMES_WIDTH)}do what ${tool} does with the same arguments`,
  );
  return `Usage: corosync-client COMMAND [OPTION...] [ARGUMENT...]

Tells of the cluster of the local corosync, whole or by quorum, nodes and links; reads,
changes and tracks its configuration map (CMAP), and speaks to its process groups.

Commands:
${commands.join('\n')}
${dropIns.join('\n')}
  ${'help'.padEnd(NAMES_WIDTH)}print help on a command; help json describes the JSON output

${GLOBAL_OPTIONS}
  --version               print the version

${EXIT_CODES}
`;
}
