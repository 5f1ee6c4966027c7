export const JSON_OPTION = { json: { type: 'boolean' } } as const;

export const JSON_HELP = '  --json          print one JSON object a line; see `corosync-client help json`';
