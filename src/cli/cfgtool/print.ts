import type { CfgLinkStatus, CfgNodeStatus } from '../../index.ts';
import { fromText, type ByteString } from '../drop-in/bytes.ts';
import { isKnet, type Links } from './links.ts';

/** "Local node ID 1, transport knet" */
export function headline({ localNodeId, transport }: Links): ByteString {
  return `Local node ID ${localNodeId}, transport ${transport}\n`;
}

/** -s: the links that lead to the last of the other nodes, for this node uses only one towards itself. */
export function linksText(links: Links, brief: boolean): ByteString {
  const { nodes, localNodeId, carriers } = links;
  const other = nodes.filter(({ nodeId }) => nodeId !== localNodeId).at(-1) ?? nodes[0];
  const enabled = linksOf(other?.status).flatMap((link, number) => (link.enabled ? [{ link, number }] : []));
  return enabled
    .map(({ link, number }) => {
      const states = brief ? briefStates(links, number) : fullStates(links, number);
      return `LINK ID ${number} ${carriers[number] ?? ''}\n\taddr\t= ${fromText(link.sourceAddress)}\n${states}`;
    })
    .join('');
}

function linksOf(status: CfgNodeStatus | Error | undefined): readonly CfgLinkStatus[] {
  return status === undefined || status instanceof Error ? [] : status.links;
}

function briefStates(links: Links, number: number): ByteString {
  const local = localIndex(links);
  const digits = links.nodes.map(({ status }, index) => {
    const link = linksOf(status)[number];
    return index === local ? 'n' : (link?.enabled === true ? 1 : 0) | (link?.connected === true ? 2 : 0);
  });
  return `\tstatus\t= ${digits.join('')}\n`;
}

function fullStates(links: Links, number: number): ByteString {
  const local = localIndex(links);
  const lines = links.nodes.map(({ status }, index) => {
    const nodeId = status instanceof Error ? 0 : status.nodeId;
    const connected = linksOf(status)[number]?.connected === true ? 'connected' : 'disconnected';
    return `\t\tnodeid: ${String(nodeId).padStart(10)}:\t${index === local ? 'localhost' : connected}\n`;
  });
  return `\tstatus:\n${lines.join('')}`;
}

/** The C tool takes the first node for this one if the configuration does not name this one. */
function localIndex({ nodes, localNodeId }: Links): number {
  return Math.max(nodes.map(({ nodeId }) => nodeId).lastIndexOf(localNodeId), 0);
}

/** -n: the other nodes that can be reached, with their links. */
export function nodesText(links: Links): ByteString {
  const { nodes, localNodeId } = links;
  return nodes
    .map(({ status }) => status)
    .filter((status): status is CfgNodeStatus => !(status instanceof Error))
    .filter(({ reachable, nodeId }) => reachable && nodeId !== localNodeId)
    .map((status) => nodeText(status, links))
    .join('');
}

function nodeText(status: CfgNodeStatus, { transport, carriers }: Links): ByteString {
  const knet = isKnet(transport);
  const { remote, external, onwireMin, onwireMax, onwireVersion } = status;
  const ways = `${remote ? ' remote' : ''}${external ? ' external' : ''}`;
  // Only a corosync made for a knet that has versions tells any.
  const versions = `   onwire (min/max/cur): ${onwireMin}, ${onwireMax}, ${onwireVersion}`;
  const lines = status.links.flatMap((link, number) =>
    link.enabled ? [`   LINK: ${number} ${carriers[number] ?? ''} ${linkText(link, knet)}\n`] : [],
  );
  return `nodeid: ${status.nodeId} reachable${ways}${knet && onwireMax !== 0 ? versions : ''}\n${lines.join('')}\n`;
}

function linkText(link: CfgLinkStatus, knet: boolean): ByteString {
  const way = `${fromText(link.sourceAddress)}${knet ? '->' : ''}${fromText(link.destinationAddress)}`;
  const states = `${link.connected ? ' connected' : ''}${link.dynamicallyConnected ? ' dynconnected' : ''}`;
  return `(${way}) enabled${states} mtu: ${link.mtu | 0}`;
}
