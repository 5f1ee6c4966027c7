import { readLinks, type LinkPicture } from '../cluster/read-nodes.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { jsonLine } from '../printing/json.ts';
import { table } from '../printing/table.ts';

/** The links to the other nodes, as this node sees them. */
export async function links(context: CommandContext): Promise<number> {
  if (context.operands.length > 0) throw new UsageError('links takes no arguments');
  const all = await readLinks(context.services());
  await context.output.write(context.options.json === true ? all.map(line).join('') : text(all));
  return all.every(({ connected }) => connected) ? EXIT.ok : EXIT.trouble;
}

/** One address: both of IPv6 would be wider than a terminal. */
function text(all: readonly LinkPicture[]): string {
  return table(
    ['NODE', 'NAME', 'LINK', 'STATE', 'MTU', 'ADDRESS'],
    all.map(({ nodeId, name, link, connected, mtu, to }) => [
      nodeId,
      name ?? '-',
      link,
      connected ? 'connected' : 'disconnected',
      mtu,
      to,
    ]),
  );
}

function line({ nodeId, name, link, connected, mtu, from, to }: LinkPicture): string {
  return jsonLine({ node: nodeId, name: name ?? null, link, connected, mtu, from, to });
}
