import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Conf } from '../../../src/conf/syntax.ts';
import { parseMain, parseUidgid } from '../../../src/conf/files.ts';
import { shell } from '../../cli/program.ts';
import { corosyncConf } from '../../helpers/corosync/corosync-conf.ts';
import { PrivateCorosync } from '../../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../../helpers/corosync/requirements.ts';
import { NOBODY, commandIn, diagnose } from '../../helpers/doctor/diagnosis.ts';

const SOMEBODY = 'setpriv --reuid=1234 --regid=1234 --clear-groups';

describeIntegration('doctor and the rules for users', () => {
  let corosync: PrivateCorosync;
  let conf = '';
  let directory = '';
  const reload = async (): Promise<number> => (await shell('corosync-cfgtool -R')).code;

  beforeAll(async () => {
    corosync = await PrivateCorosync.start({ uidgid: { uid: 65534 } });
    await shell(`chmod 755 ${corosync.directory}`);
    conf = join(corosync.directory, 'corosync.conf');
    directory = join(corosync.directory, 'uidgid.d');
    mkdirSync(directory);
  });
  afterEach(async () => {
    await shell(`rm -rf ${directory}/*`);
    expect(await reload()).toBe(0);
  });
  afterAll(() => corosync.stop());

  it('finds the section that is not closed, also of corosync.conf, and does not take its rules for read', async () => {
    const text = readFileSync(conf, 'utf8');
    const broken = text.replace(/^system \{$/m, 'uidgid {\n  uid: 1234\n}\nsystem {').replace(/\}\n$/, '');
    writeFileSync(conf, broken);
    try {
      const last = broken.trimEnd().split('\n').length;
      for (const as of ['', NOBODY]) {
        const seen = await diagnose(`${as} TOOL doctor`);
        expect(seen.code).toBe(0);
        expect(seen.found('conf-broken').text).toContain(
          `${conf}:${last}: the closing } of uidgid is missing`,
        );
      }
      const denied = await diagnose(`${SOMEBODY} TOOL doctor`);
      expect(denied).toMatchObject({ code: 1, ids: ['conf-broken', 'no-rule', 'not-connected'] });
      expect(denied.found('not-connected').remedy).toMatch(/^first mend .*corosync\.conf:\d+, before which/);
      expect((await shell(commandIn(denied.found('conf-broken'), /runs: (corosync -t .*)$/))).code).not.toBe(
        0,
      );
      expect(await reload()).not.toBe(0);
    } finally {
      writeFileSync(conf, text);
    }
    expect(await diagnose()).toMatchObject({ code: 0, ids: [] });
  });

  it('does not take a supplementary group for the primary one', async () => {
    writeFileSync(join(directory, 'group'), 'uidgid {\n  gid: 4242\n}\n');
    await shell('getent group 4242 || groupadd --gid 4242 watchers');
    expect(await reload()).toBe(0);
    const by = (gid: number, groups: string): string =>
      `setpriv --reuid=1234 --regid=${gid} --groups=${groups} TOOL doctor`;
    const denied = await diagnose(by(1234, '4242'));
    expect(denied).toMatchObject({ code: 1, ids: ['rule-supplementary', 'not-connected'] });
    const { remedy } = denied.found('rule-supplementary');
    expect(denied.found('not-connected').remedy).toBe(remedy);
    expect(remedy).toMatch(/^make it the primary one: sg watchers COMMAND, or Group=watchers in its unit/);
    expect(await diagnose(by(4242, '1234'))).toMatchObject({ code: 0, ids: [] });
  });

  it('says which rules of the map count', async () => {
    await shell('corosync-cmapctl -s uidgid.uid.1234 u32 1');
    const denied = await diagnose(`${SOMEBODY} TOOL doctor`);
    expect(denied).toMatchObject({ code: 1, ids: ['no-rule', 'not-connected'] });
    for (const as of ['', NOBODY]) {
      const seen = await diagnose(`${as} TOOL doctor`);
      expect(seen).toMatchObject({ code: 0, ids: ['rule-type'] });
      expect(seen.found('rule-type').text).toContain('uidgid.uid.1234 (u32) = 1 allows nobody');
    }
    const wrong = await diagnose();
    const right = commandIn(wrong.found('rule-type'), /^corosync-client (set .*), if/);
    await diagnose(`TOOL ${right} && TOOL doctor`);
    expect(await diagnose(`${SOMEBODY} TOOL doctor`)).toMatchObject({ code: 0, ids: ['no-rule'] });
    await shell('corosync-cmapctl -d uidgid.uid.1234');
  });

  it('knows whether corosync can have read a rule', async () => {
    const denied = await diagnose(`${SOMEBODY} TOOL doctor`);
    expect(denied.ids).toEqual(['no-rule', 'not-connected']);
    writeFileSync(join(directory, 'rule'), 'uidgid {\n  uid: 1234\n}\n');
    const unread = await diagnose(`${SOMEBODY} TOOL doctor`);
    expect(unread.ids).toEqual(['not-connected']);
    await shell(commandIn(unread.found('not-connected'), /run (corosync-cfgtool -R) as root$/));
    expect(await diagnose(`${SOMEBODY} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
  });

  it('says that it cannot read the rules', async () => {
    await shell(`chmod 600 ${conf}`);
    const unknown = await diagnose(`${SOMEBODY} TOOL doctor`);
    expect(unknown.ids).toEqual(['rule-unknown', 'not-connected']);
    await shell(`chmod 644 ${conf}; chmod 700 ${directory}`);
    const closed = await diagnose(`${SOMEBODY} TOOL doctor`);
    expect(closed.ids).toEqual(['rule-unknown', 'not-connected']);
    expect(closed.found('rule-unknown').text).toContain(`${directory} cannot be read`);
    await shell(`chmod 755 ${directory}`);
  });

  it('warns of a uid that changes', async () => {
    const denied = await diagnose(`${SOMEBODY.replaceAll('1234', '61234')} TOOL doctor`);
    expect(denied.found('not-connected').remedy).toMatch(/^give the unit a User= instead of DynamicUser=/);
  });
});

describeIntegration("doctor's reading of configuration, beside corosync's own", () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync('/run/syntax-');
    mkdirSync(join(directory, 'uidgid.d'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  /** The line at which corosync stops, if it does. */
  async function corosyncStopsAt(file: string): Promise<number | undefined> {
    const { stdout, stderr } = await shell(`corosync -t -c ${join(directory, 'corosync.conf')}`);
    const said = `${stdout.toString()}${stderr}`;
    const [, name, line] = /parser error: (\S+):(\d+): /.exec(said) ?? [];
    return name === join(directory, file) ? Number(line) : undefined;
  }

  const GOOD = corosyncConf('/run/log', { uidgid: { uid: 1, gid: 2 } });
  const LINES = [
    '}',
    'x {',
    'x {}',
    '{',
    'x: y',
    ': y',
    'junk',
    '} # c',
    'uidgid {',
    'uid: 7',
    'uid: 7x 8',
    'gid: -1',
    'uid: 4294967295',
    'a b: c',
    'a b {',
    'x',
    '#}',
    `x: ${'y'.repeat(600)}`,
    `${'y'.repeat(260)}: x`,
    '\tx\t:\ty\t',
  ];

  /** Each of the lines put in at some places, and each line of the file left out. */
  function variants(text: string): string[] {
    const lines = text.trimEnd().split('\n');
    const places = [0, 2, Math.floor(lines.length / 2), lines.length - 1, lines.length];
    const inserted = LINES.flatMap((line) =>
      places.map((place) => [...lines.slice(0, place), line, ...lines.slice(place)]),
    );
    const left = lines.map((_, index) => lines.filter((_line, n) => n !== index));
    return [...inserted, ...left, lines].map((all) => `${all.join('\n')}\n`);
  }

  async function compare(file: string, text: string, parse: (text: string) => Conf): Promise<void> {
    for (const variant of variants(text)) {
      writeFileSync(join(directory, file), variant);
      const stops = await corosyncStopsAt(file);
      expect(parse(variant).fault?.line, variant).toBe(stops);
    }
  }

  it('stops at the same lines of corosync.conf', () => compare('corosync.conf', GOOD, parseMain));

  it('stops at the same lines of a file in uidgid.d', async () => {
    writeFileSync(join(directory, 'corosync.conf'), GOOD);
    await compare('uidgid.d/some', 'uidgid {\n  uid: 1\n}\n# c\nuidgid {\n  gid: 2\n}\n', parseUidgid);
  });
});
