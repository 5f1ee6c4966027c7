import { configuredName, readNodelist, type ConfiguredNode } from '../cluster/nodelist.ts';
import type { ByteString } from '../drop-in/bytes.ts';
import type { ServicesEnvironment } from '../drop-in/services.ts';
import { errorText } from '../drop-in/tool-failure.ts';
import type { DisplayOptions } from './options.ts';
import type { Services } from './services.ts';

/** What the C tool has room for. */
const MAX_NAME = 254;

/** What is shown as the name of each node, in the order of the ids. */
export async function nodeNames(
  nodeIds: readonly number[],
  { cmap, cfg }: Services,
  options: DisplayOptions,
  environment: ServicesEnvironment,
): Promise<readonly ByteString[]> {
  const nodes = options.numeric ? [] : await readNodelist(cmap).catch(() => []);
  const shown = nodeIds.map(async (nodeId): Promise<ByteString> => {
    try {
      const addresses = await cfg.nodeAddresses(nodeId);
      return await nodeName(nameOf(nodeId, nodes), addresses, options, environment);
    } catch (error) {
      environment.complain(`Unable to get node address for nodeid ${nodeId}: ${errorText(error)}`);
      return '';
    }
  });
  return Promise.all(shown);
}

function nameOf(nodeId: number, nodes: readonly ConfiguredNode[]): ByteString {
  return (configuredName(nodes, nodeId) ?? '').slice(0, MAX_NAME);
}

/** The configured name stands for the first address, also where all of them are shown. */
async function nodeName(
  name: ByteString,
  addresses: readonly string[],
  { numeric, allAddresses }: DisplayOptions,
  environment: ServicesEnvironment,
): Promise<ByteString> {
  const shown = allAddresses ? addresses : addresses.slice(0, 1);
  const parts = await Promise.all(
    shown.map(async (address, index) => {
      if (index === 0 && name !== '') return name;
      return numeric ? address : ((await environment.resolve(address)) ?? '');
    }),
  );
  return parts.length === 0 ? name : parts.join(', ');
}
