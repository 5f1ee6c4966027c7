import type { MessageWriter } from '../../codec/message-writer.ts';

export function writeNodeIds(into: MessageWriter, offset: number, nodeIds: readonly number[]): void {
  for (const [index, nodeId] of nodeIds.entries()) into.u32(offset + 4 * index, nodeId);
}
