/**
 * At least what Linux counts for a datagram against its sender's buffer: the next power of two that holds it and its
 * bookkeeping, and a header.
 */
export function kernelCost(bytes: number): number {
  return 2 * bytes + 1024;
}
