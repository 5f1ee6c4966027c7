/**
 * The layers of src, from the lowest: a folder imports only from folders above it in this list, types included, and services do
 * not know each other. ARCHITECTURE.md says what each is for.
 */
const LAYERS = [
  ['errors'],
  ['options'],
  ['codec'],
  ['conf'],
  ['streams'],
  ['ipc'],
  ['service'],
  ['session'],
  ['cmap', 'quorum', 'votequorum', 'cfg', 'cpg'],
  ['cluster'],
  ['index.ts'],
  ['cli'],
];

/** The fake is a server, not a client: of the client it takes the ring files, how an optional package is loaded, and the checks that corosync makes too. */
const TESTING_MAY_IMPORT = [
  'testing',
  'errors',
  'options',
  'codec',
  'ipc/shared-memory/ring-(file|storage)[.]ts',
  'ipc/socket-address[.]ts',
  'ipc/datagram/optional-package[.]ts',
  'cmap/values/(check-value|keys)[.]ts',
];

/** Beside the public API, by name: what doctor looks into, how corosync reads its files, what crashes corosync, and words that
 * events have, too. */
const CLI_MAY_IMPORT = [
  'cli',
  'index[.]ts',
  'errors',
  'conf',
  'ipc/index[.]ts',
  'ipc/socket-address[.]ts',
  'cmap/index[.]ts',
  'cmap/following/follow-options[.]ts',
  'cluster/events/drift-text[.]ts',
];

const COMMENT = 'Imports go one way; see ARCHITECTURE.md.';
const within = (folders) => `^src/(${folders.join('|')})`;

const oneWay = LAYERS.slice(0, -1).map((layer, height) => ({
  name: `below-${layer[0]}`,
  severity: 'error',
  comment: COMMENT,
  from: { path: `^src/(${layer.join('|')})(/|$)` },
  to: {
    path: '^src/',
    pathNot: within(
      LAYERS.slice(0, height + 1)
        .flat()
        .map((name) => `${name}(/|$)`),
    ),
  },
}));

const strangers = LAYERS.flatMap((layer) =>
  layer.length === 1
    ? []
    : layer.map((service) => ({
        name: `${service}-knows-no-other-service`,
        severity: 'error',
        comment: COMMENT,
        from: { path: `^src/${service}/` },
        to: { path: `^src/(${layer.filter((other) => other !== service).join('|')})/` },
      })),
);

const noIo = ['errors', 'codec', 'conf'].map((folder) => ({
  name: `no-io-in-${folder}`,
  severity: 'error',
  comment: 'Bytes and errors only: no files, no sockets, no timers.',
  from: { path: `^src/${folder}/` },
  to: { path: '^(node:)?(fs|net|timers|dgram|child_process)' },
}));

export default {
  forbidden: [
    ...oneWay,
    ...strangers,
    ...noIo,
    {
      name: 'the-fake-is-no-client',
      severity: 'error',
      comment: COMMENT,
      from: { path: '^src/testing/' },
      to: { path: '^src/', pathNot: within(TESTING_MAY_IMPORT) },
    },
    {
      name: 'the-command-line-is-a-user',
      severity: 'error',
      comment: COMMENT,
      from: { path: '^src/cli/' },
      to: { path: '^src/', pathNot: within(CLI_MAY_IMPORT) },
    },
    {
      name: 'no-circles',
      severity: 'error',
      comment: 'Type imports count too.',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules)' },
  },
};
