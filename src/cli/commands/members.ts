import { readNodes, type NodePicture } from '../cluster/read-nodes.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { jsonLine } from '../printing/json.ts';
import { table } from '../printing/table.ts';

/** The nodes: those of the configuration, and those that are members without being there. */
export async function members(context: CommandContext): Promise<number> {
  if (context.operands.length > 0) throw new UsageError('members takes no arguments');
  const nodes = await readNodes(context.services(), context.settings.timeoutMs);
  await context.output.write(context.options.json === true ? nodes.map(line).join('') : text(nodes));
  return EXIT.ok;
}

function text(nodes: readonly NodePicture[]): string {
  return table(
    ['NODE', 'NAME', 'STATE', 'VOTES', 'ADDRESSES'],
    nodes.map((node) => [
      node.nodeId,
      node.name ?? '-',
      state(node),
      node.votes ?? '-',
      node.addresses.join(' '),
    ]),
  );
}

function state({ local, member }: NodePicture): string {
  if (local) return 'this node';
  return member ? 'member' : 'absent';
}

function line({ nodeId, name, local, member, votes, addresses }: NodePicture): string {
  return jsonLine({ node: nodeId, name: name ?? null, local, member, votes: votes ?? null, addresses });
}
