import { readdirSync, readlinkSync } from 'node:fs';

/** What the open descriptors of this process lead to. */
export function openDescriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the one that lists them
    }
  });
}

/** Those of ring files, and of what copies of the library tell each other. */
export function sharedMemoryDescriptors(): string[] {
  return openDescriptors().filter((target) => target.startsWith('/dev/shm'));
}
