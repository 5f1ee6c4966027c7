import { reached } from '../configuration/main-conf.ts';
import { note, ok, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

const STATUS_FILE = '/var/lib/dpkg/status';
/** The first libqb that gives each connection a directory, without which its files cannot be told from an impostor's. */
const FIRST_LIBQB = [1, 0, 5] as const;

/** Debian's packages, of the system that corosync runs in if it can be seen. Other package managers' databases are not read. */
export function checkVersions(surroundings: Surroundings): Remark {
  const file = reached(surroundings, STATUS_FILE);
  if (file === undefined)
    return note('versions-unknown', 'of corosync and libqb unknown: its files cannot be seen here');
  const text = surroundings.files.text(file);
  if (text === undefined) {
    return note('versions-unknown', `of corosync and libqb unknown: there is no ${STATUS_FILE}`);
  }
  const packages = text.split('\n\n').flatMap(installed);
  const corosyncs = packages.filter(({ name }) => name === 'corosync');
  const libqbs = packages.filter(({ name }) => /^libqb\d+\w*$/.test(name));
  if (corosyncs.length === 0) {
    return note('versions-unknown', `of corosync unknown: it is no package of ${STATUS_FILE}`);
  }
  const all = [...corosyncs, ...libqbs].map(({ name, version }) => `${name} ${version}`).join(', ');
  if (libqbs.length === 0 || libqbs.some(({ version }) => isNewEnough(version))) return ok(all);
  return problem(
    'libqb-too-old',
    `${all}: a libqb before ${FIRST_LIBQB.join('.')} is not supported`,
    'upgrade it, and corosync',
  );
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

/** Debian's versions may begin with an epoch. */
function isNewEnough(version: string): boolean {
  const numbers = version.replace(/^\d+:/, '').split(/\D/).map(Number);
  for (const [place, least] of FIRST_LIBQB.entries()) {
    const number = numbers[place] ?? 0;
    if (number !== least) return number > least;
  }
  return true;
}
