import { note, ok, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

const STATUS_FILE = '/var/lib/dpkg/status';

/** Debian's packages, of the system that corosync runs in if it can be seen. Other package managers' databases are not read. */
export function checkVersions({ files, corosync }: Surroundings): Remark {
  const root = corosync?.root ?? '';
  const text = files.text(`${root}${STATUS_FILE}`);
  if (text === undefined) return note(`of corosync and libqb unknown: there is no ${STATUS_FILE}`);
  const packages = text.split('\n\n').flatMap(installed);
  const corosyncs = packages.filter(({ name }) => name === 'corosync');
  const libqbs = packages.filter(({ name }) => /^libqb\d+\w*$/.test(name));
  if (corosyncs.length === 0) return note(`of corosync unknown: it is no package of ${STATUS_FILE}`);
  return ok([...corosyncs, ...libqbs].map(({ name, version }) => `${name} ${version}`).join(', '));
}

interface Package {
  readonly name: string;
  readonly version: string;
}

function installed(stanza: string): Package[] {
  const [name, status, version] = ['Package', 'Status', 'Version'].map(
    (field) => new RegExp(`^${field}: *(.*)$`, 'm').exec(stanza)?.[1],
  );
  if (name === undefined || version === undefined || status?.endsWith(' installed') !== true) return [];
  return [{ name, version }];
}
