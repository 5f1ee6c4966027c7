import { lookupService } from 'node:dns';

/** Asks the resolver for a name; the error has a `code`. */
export type NameResolver = (address: string) => Promise<string>;

const systemResolver: NameResolver = (address) =>
  new Promise((resolve, reject) => {
    lookupService(address, 0, (error, name) => {
      if (error === null) resolve(name);
      else reject(error);
    });
  });

/**
 * The name of an address as getnameinfo(3) gives it: the address itself if it has none, and `undefined` if the resolver could not be
 * asked. (Node asks it to fail where there is none.)
 */
export async function getnameinfo(
  address: string,
  resolver: NameResolver = systemResolver,
): Promise<string | undefined> {
  try {
    return await resolver(address);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOTFOUND' ? address : undefined;
  }
}
