/** What the director and its workers, each a process of its own, tell each other. */
export type Role = 'caller' | 'tracker' | 'session' | 'services' | 'groups';

export interface WorkerTask {
  readonly role: Role;
  /** Unique in a soak: its keys begin with `soak.<name>.`, and nobody else writes them. */
  readonly name: string;
  readonly seed: number;
}

export type ToWorker =
  /** Finish what is under way, and change nothing until `go`. */
  | { readonly kind: 'quiet' }
  /** Tell what your followers know of each prefix. */
  | { readonly kind: 'pictures' }
  | { readonly kind: 'go' }
  | { readonly kind: 'stop' };

export type Counts = Readonly<Record<string, number>>;

/** A map as `key value` lines, sorted; or the state of a service, field by field. */
export type Picture = readonly string[];

/** Of what is below a prefix of the map, or of the service of that name. */
export interface NamedPicture {
  readonly prefix: string;
  readonly picture: Picture;
}

export interface Footprint {
  readonly descriptors: number;
  /** After a garbage collection. */
  readonly heapBytes: number;
}

export type FromWorker =
  | { readonly kind: 'counts'; readonly counts: Counts }
  | { readonly kind: 'mismatch'; readonly what: string }
  | { readonly kind: 'quiet'; readonly footprint: Footprint }
  | {
      readonly kind: 'pictures';
      readonly pictures: readonly NamedPicture[];
    }
  | { readonly kind: 'stopped' };

export const ROOT = 'soak.';
/** The prefixes that sessions follow, and whose pictures are compared with the map. */
export const FOLLOWED = [ROOT, 'config.', 'runtime.config.totem.'] as const;
