import { escapeControls } from '../../errors/index.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { jsonLine } from '../printing/json.ts';
import { table } from '../printing/table.ts';
import { groupAndRest, only } from './arguments.ts';
import { groupFields } from './print.ts';

/** The names of all groups. */
export async function groups(context: CommandContext): Promise<number> {
  if (context.operands.length > 1) throw new UsageError('cpg groups takes no arguments');
  const client = await context.services().cpg();
  const counted = new Map<string, { readonly fields: object; readonly group: string; members: number }>();
  for (const member of await client.allMembers()) {
    const fields = groupFields(member);
    const key = JSON.stringify(fields);
    const known = counted.get(key);
    if (known === undefined) counted.set(key, { fields, group: member.group, members: 1 });
    else known.members += 1;
  }
  for (const { fields, group, members } of counted.values())
    await context.output.write(
      context.options.json === true ? jsonLine({ ...fields, members }) : `${escapeControls(group)}\n`,
    );
  return EXIT.ok;
}

/** The members of a group. */
export async function members(context: CommandContext): Promise<number> {
  const group = only(groupAndRest(context), context);
  const client = await context.services().cpg();
  const found = await client.members(group);
  if (found.length === 0) {
    const name = group.length === 0 ? 'with an empty name' : Buffer.from(group).toString();
    context.complain(`there is no group ${name}`);
    return EXIT.failed;
  }
  await context.output.write(
    context.options.json === true
      ? found.map(({ nodeId, pid }) => jsonLine({ node: nodeId, pid })).join('')
      : table(
          ['NODE', 'PID'],
          found.map(({ nodeId, pid }) => [nodeId, pid]),
        ),
  );
  return EXIT.ok;
}
