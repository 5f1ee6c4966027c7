import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FindingId } from '../../../src/cli/doctor/finding-ids.ts';
import { built, shell } from '../../cli/program.ts';
import { compileC } from '../../helpers/corosync/compile-c.ts';
import { PrivateCorosync } from '../../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../../helpers/corosync/requirements.ts';
import { NOBODY, commandIn, diagnose, type Diagnosis } from '../../helpers/doctor/diagnosis.ts';

const COVERED = 'unshare --mount bash -c';
const READ_ONLY = 'mount --bind /dev/shm /dev/shm && mount -o remount,bind,ro /dev/shm';

/** Something that this process lacks. */
interface Way {
  readonly name: string;
  /** Runs doctor, as TOOL, under it. */
  readonly line: string;
  /** All that is not ok, in doctor's order, for root and for a plain user that corosync allows. */
  readonly ids: readonly FindingId[];
  /** What root sees more, and is no harm. */
  readonly rootSees?: FindingId;
  /** What the first of `ids` tells to do. */
  readonly remedy: RegExp;
  /** The whole line again, with what the remedy tells to type. */
  readonly cured?: (command: string) => string;
}

const instead = (command: string): string => command.replace('COMMAND', 'TOOL doctor');
const confined = (how: string): string => `${compileC('confine')} ${how} TOOL doctor`;

/** The same for root and for everybody. */
const WAYS: readonly Way[] = [
  {
    name: 'too few descriptors',
    line: 'prlimit --nofile=22 TOOL doctor',
    ids: ['open-files', 'not-connected'],
    remedy: /^raise the limit: (prlimit --nofile=1024 COMMAND), as root$/,
    cured: instead,
  },
  {
    name: 'a limit of what it may write',
    line: 'prlimit --fsize=0 TOOL doctor',
    ids: ['file-size', 'not-connected'],
    remedy: /^raise the limit: (prlimit --fsize=unlimited COMMAND), as root$/,
    cured: instead,
  },
  {
    name: 'no unix sockets, as by RestrictAddressFamilies=',
    line: confined('socket 97'),
    ids: ['not-connected'],
    remedy: /RestrictAddressFamilies= of its unit has to list AF_UNIX/,
  },
  {
    name: 'no unix sockets, as by a seccomp profile',
    line: confined('socket 1'),
    ids: ['not-connected'],
    remedy: /the seccomp profile of its container has to allow socket\(AF_UNIX\)/,
  },
  {
    name: 'no connections',
    line: confined('connect 13'),
    ids: ['not-connected'],
    remedy: /seccomp/,
  },
  {
    name: 'no writing of files at a position',
    line: confined('write 1'),
    ids: ['not-connected'],
    remedy: /seccomp filter does not let it read and write those files/,
  },
  {
    name: 'a read-only /dev/shm',
    line: `${COVERED} '${READ_ONLY} && TOOL doctor "$@"' --`,
    ids: ['shm-read-only', 'not-connected'],
    rootSees: 'namespaces-differ',
    remedy: /^mount it for writing: (mount -o remount,bind,rw \/dev\/shm);/,
    cured: (command) => `${COVERED} '${READ_ONLY} && ${command} && TOOL doctor "$@"' --`,
  },
];

/** What Landlock forbids to this process; it also keeps even root from looking at corosync. */
const LANDLOCK: readonly Way[] = [
  {
    name: 'no opening of files for writing (Landlock)',
    line: confined('open 0'),
    ids: ['not-connected'],
    remedy: /Landlock\) or a seccomp filter does not let it open the files of a connection/,
  },
  {
    name: "no connecting to others' abstract names (Landlock)",
    line: confined('abstract 0'),
    ids: ['not-connected'],
    remedy: /Landlock\) or a seccomp filter does not let it connect to this socket/,
  },
];

async function check(way: Way, as: (line: string) => string): Promise<void> {
  const diagnosis = await diagnose(as(way.line));
  const harmless = as === asRoot && way.rootSees !== undefined ? [way.rootSees] : [];
  expect(diagnosis.ids).toEqual([...harmless, ...way.ids]);
  expect(diagnosis.code).toBe(1);
  const first = diagnosis.found(way.ids[0] ?? 'unusable');
  expect(first.remedy).toMatch(way.remedy);
  if (first.id !== 'not-connected') {
    expect(diagnosis.found('not-connected').remedy).toBe(`the reason is above: ${first.id}`);
  }
  if (way.cured === undefined) return;
  const command = commandIn(first, way.remedy);
  expect(await diagnose(as(way.cured(command)))).toMatchObject({ code: 0, ids: harmless });
}

const asRoot = (line: string): string => line;
const asNobody = (line: string): string => line.replaceAll('TOOL', `${NOBODY} TOOL`);

describeIntegration('doctor and what this process lacks', () => {
  let corosync: PrivateCorosync;
  let hasLandlock = false;
  beforeAll(async () => {
    corosync = await PrivateCorosync.start({ uidgid: { uid: 65534 } });
    await shell(`chmod 755 ${corosync.directory}`);
    hasLandlock = (await shell(`${compileC('confine')} open 0 true`)).code === 0;
    if (!hasLandlock) console.warn('this kernel has no Landlock: two ways are not tried');
  });
  afterAll(() => corosync.stop());

  it('has nothing to say where nothing is lacking', async () => {
    expect(await diagnose(asNobody('TOOL doctor'))).toMatchObject({ code: 0, ids: [] });
  });

  it.each(WAYS)('names, for root: $name', (way) => check(way, asRoot));
  it.each(WAYS)('names, for a user: $name', (way) => check(way, asNobody));
  it.each(LANDLOCK)('names, for root and for a user: $name', async (way) => {
    if (!hasLandlock) return;
    await check(way, asRoot);
    await check(way, asNobody);
  });

  it('sees a limit that only larger values would meet', async () => {
    const works = await diagnose('prlimit --fsize=100000 TOOL doctor');
    expect(works).toMatchObject({ code: 0, ids: ['file-size'] });
    expect(works.findings.at(-1)?.text).toBe('this process can use corosync; other problems: 1');
    const smaller = await diagnose('prlimit --fsize=100000 TOOL doctor --buffer-size 65536');
    expect(smaller).toMatchObject({ code: 0, ids: [] });
  });

  it.each([
    ['setpriv --euid=65534 --egid=65534 --clear-groups'],
    ['setpriv --ruid=65534 --rgid=65534 --clear-groups --bounding-set=-dac_override'],
  ])('tells the real user from the effective one: %s', async (as) => {
    const different = await diagnose(`${as} TOOL doctor`);
    expect(different).toMatchObject({ code: 1, ids: ['real-user-differs', 'not-connected'] });
    expect(different.found('not-connected').remedy).toBe('the reason is above: real-user-differs');
    const both = commandIn(different.found('real-user-differs'), /: (setpriv .* COMMAND),/);
    expect(await diagnose(instead(both))).toMatchObject({ code: 0, ids: [] });
  });

  it('lets a root that is not the real user alone, because it may open all files', async () => {
    const other = await diagnose('setpriv --ruid=65534 --rgid=65534 --clear-groups TOOL doctor');
    expect(other).toMatchObject({ code: 0, ids: ['real-user-differs'] });
    expect(other.found('real-user-differs').level).toBe('note');
  });

  it('counts the real group', async () => {
    const works = await diagnose('setpriv --reuid=1234 --rgid=0 --egid=65534 --clear-groups TOOL doctor');
    expect(works).toMatchObject({ code: 0, ids: ['real-group-differs'] });
    const denied = await diagnose('setpriv --reuid=1234 --rgid=1234 --egid=0 --clear-groups TOOL doctor');
    expect(denied).toMatchObject({ code: 1, ids: ['real-group-differs', 'no-rule', 'not-connected'] });
    expect(denied.found('not-connected').remedy).toContain('uid: 1234');
  });

  it("says which of Node's permissions it takes", async () => {
    const [, script = ''] = /'(.*)'/.exec(built('main')) ?? [];
    const under = (flags: string): Promise<Diagnosis> =>
      diagnose(`NODE_NO_WARNINGS=1 node --experimental-permission ${flags} ${script} doctor`);
    const readable = `--allow-fs-read=${script.replace(/\/dist\/.*/, '')}`;
    for (const flags of [readable, "--allow-fs-read='*'"]) {
      const barred = await under(flags);
      expect(barred).toMatchObject({ code: 1, ids: ['node-permissions'] });
      const more = commandIn(barred.found('node-permissions'), /^give node (.*)$/).replace('=*', "='*'");
      expect(await under(`${flags} ${more}`)).toMatchObject({ code: 0, ids: [] });
    }
  });

  it('finds a /dev/shm that is closed for users', async () => {
    await shell('chmod 700 /dev/shm');
    try {
      expect(await diagnose()).toMatchObject({ code: 0, ids: [] });
      const closed = await diagnose(asNobody('TOOL doctor'));
      expect(closed).toMatchObject({ code: 1, ids: ['shm-out-of-reach', 'not-connected'] });
      await shell(commandIn(closed.found('shm-out-of-reach'), /^as root: (.*)$/));
      expect(await diagnose(asNobody('TOOL doctor'))).toMatchObject({ code: 0, ids: [] });
    } finally {
      await shell('chmod 1777 /dev/shm');
    }
  });

  it('tells a directory that is closed from one that is not there', async () => {
    await shell('mkdir -p /run/closed/shm; chmod 700 /run/closed');
    const closed = await diagnose(asNobody('TOOL doctor --shm-directory /run/closed/shm'));
    expect(closed.found('shm-out-of-reach').remedy).toBe('let this user in: chmod o+x /run/closed');
    const missing = await diagnose(asNobody('TOOL doctor --shm-directory /run/none'));
    expect(missing.ids).toContain('shm-missing');
    const theirs = await diagnose(asNobody(`TOOL doctor --shm-directory /proc/${corosync.pid}/root/dev/shm`));
    expect(theirs.found('shm-out-of-reach').remedy).toMatch(/is for root only/);
  });

  it('finds that shared memory has no room for more files', async () => {
    await corosync.forgotten(); // it is to need no more files, nor less
    await shell('mount -o remount,nr_inodes=$(($(ls -A /dev/shm | wc -l) + 4)) /dev/shm');
    for (const as of [asRoot, asNobody]) {
      const full = await diagnose(as('TOOL doctor'));
      expect(full).toMatchObject({ code: 1, ids: ['shm-no-inodes', 'not-connected'] });
      expect(full.found('not-connected').text).toContain('CS_ERR_NO_SPACE');
    }
    const full = await diagnose();
    await shell(commandIn(full.found('shm-no-inodes'), /corosync runs: (mount .*)$/));
    expect(await diagnose()).toMatchObject({ code: 0, ids: [] });
  });

  it.each(['noaccess', 'invisible', 'ptraceable'])(
    'knows that /proc hides corosync: hidepid=%s',
    async (how) => {
      const hidden = `${COVERED} 'mount -t proc -o hidepid=${how} proc /proc && TOOL doctor "$@"' --`;
      expect(await diagnose(hidden)).toMatchObject({ code: 0, ids: ['namespaces-differ'] });
      const seen = await diagnose(asNobody(hidden));
      expect(seen).toMatchObject({ code: 0, ids: ['processes-hidden', 'rule-unknown'] });
      expect(seen.found('processes-hidden').remedy).toBe('run corosync-client doctor as root');
    },
  );

  it('finds a directory that is not that of a corosync which /proc hides', async () => {
    const hidden = `${COVERED} 'mount -t proc -o hidepid=invisible proc /proc && TOOL doctor "$@"' --`;
    const foreign = await diagnose(`${asNobody(hidden)} --shm-directory /run`);
    expect(foreign.ids).toEqual(['processes-hidden', 'shm-foreign', 'rule-unknown', 'not-connected']);
    expect(foreign.found('not-connected').remedy).toBe('the reason is above: shm-foreign');
    expect(foreign.found('shm-foreign').remedy).toMatch(/^leave out --shm-directory/);
    const seen = await diagnose(asNobody('TOOL doctor --shm-directory /run'));
    expect(seen.ids).toEqual(['shm-foreign', 'not-connected']);
    expect(seen.found('shm-foreign').remedy).toMatch(/^leave out --shm-directory/);
  });

  it('sees all that it needs where /proc has processes only, as by ProcSubset=pid', async () => {
    const subset = `${COVERED} 'mount -t proc -o subset=pid proc /proc && TOOL doctor "$@"' --`;
    expect(await diagnose(subset)).toMatchObject({ code: 0, ids: ['namespaces-differ'] });
    expect(await diagnose(asNobody(subset))).toMatchObject({ code: 0, ids: [] });
  });

  it('says that there is no /proc', async () => {
    const blind = await diagnose(`${COVERED} 'mount -t tmpfs none /proc && TOOL doctor "$@"' --`);
    expect(blind.found('namespaces-unknown').text).toContain('is /proc mounted?');
  });
});
