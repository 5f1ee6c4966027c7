import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkUidgidFiles } from '../../../../src/cli/doctor/checks/uidgid-files.ts';
import { permissionRemedy } from '../../../../src/cli/doctor/checks/permission.ts';
import type { Remark } from '../../../../src/cli/doctor/finding.ts';
import { FakeSystem, GUEST } from '../fake-system.ts';

const DIRECTORY = '/etc/corosync/uidgid.d';
let system: FakeSystem;

beforeEach(() => {
  system = new FakeSystem();
});
afterEach(() => {
  system[Symbol.dispose]();
});

function check(text: string): Remark[] {
  system.write(`${DIRECTORY}/some`, text);
  return checkUidgidFiles(system.lookAround({}, GUEST));
}

describe('files in uidgid.d', () => {
  it('may be missing', () => {
    expect(checkUidgidFiles(system.lookAround())).toEqual([]);
  });

  // What corosync 3.1.7 says to each of these texts (corosync -t) is what doctor has to say.
  it.each([
    ['uidgid {\n  uid: 65534\n}\n'],
    ['uidgid {\n  uid: 65534\n}'],
    ['uidgid{\nuid:65534\n}\n'],
    ['uidgid {\r\nuid: 65534\r\n}\r\n'],
    ['uidgid {\nuid: guest\ngid: guests\n}\n'],
    ['uidgid {\nuid: +5\n}\n'],
    ['# uidgid { uid: 5 }\n'],
    ['uidgid {\n}\nuidgid {\nuid: 1\n}\n'],
    ['uidgid {\n\tuid\t:\t5\t\n\t}\t\n'],
    ['uidgid: {\n}\n'],
    [`#${'x'.repeat(509)}\n`],
    [''],
    ['   \n\t\n'],
  ])('are fine with %j', (text) => {
    expect(check(text)).toEqual([]);
  });

  it.each([
    ['uidgid { uid: 65534 }\n', 1, 'nothing may stand behind "{" on its line'],
    ['uidgid {\n  uid: 65534 }\n', 2, '"65534 }" is no uid'],
    ['uidgid {\nuid: 65534', 2, 'the closing } of uidgid is missing'],
    ['uidgid\n{\nuid: 65534\n}\n', 1, 'the line is none of'],
    ['uidgid {\nuid 65534\n}\n', 2, 'the line is none of'],
    ['uidgid {\nuid:\n}\n', 2, '"" is no uid'],
    ['uidgid {\n: 5\n}\n', 2, 'only uid and gid'],
    ['uidgid {\nuid: 5 # c\n}\n', 2, '"5 # c" is no uid'],
    ['uidgid {\ngid: 5x\n}\n', 2, '"5x" is no gid'],
    ['uidgid {\nuid: -1\n}\n', 2, '"-1" is no uid'],
    ['uidgid {\nuid: 4294967295\n}\n', 2, '"4294967295" is no uid'],
    ['uidgid {\nuid: 0x10\n}\n', 2, '"0x10" is no uid'],
    ['uidgid {\nname: x\n}\n', 2, 'only uid and gid'],
    ['totem {\nversion: 2\n}\n', 1, 'only sections named uidgid'],
    ['uid: 5\n', 1, 'only uid and gid'],
    ['uidgid {\nuidgid {\nuid: 5\n}\n}\n', 2, 'only sections named uidgid'],
    ['}\n', 1, 'there is a "}" too many'],
    ['uidgid {\nuid: 5\n} x\n', 3, '"}" has to be on a line of its own'],
    ['{\n}\n', 1, 'the name of the section is missing'],
    ['x uidgid {\n}\n', 1, 'only sections named uidgid'],
    ['\ufeffuidgid {\nuid: 5\n}\n', 1, 'only sections named uidgid'],
    [`#${'x'.repeat(510)}\n`, 1, 'the line is longer than'],
  ])('are a problem with %j', (text, line, reason) => {
    const [found, ...more] = check(text);
    expect(more).toEqual([]);
    expect(found?.level).toBe('problem');
    expect(found?.text).toContain(`corosync cannot read ${DIRECTORY}/some:${line}: ${reason}`);
  });

  it.each([
    ['uidgid { uid: 65534 }', '  uid: 65534\n'],
    ['uidgid {\n uid: 5 # us\n gid: guests }\n', '  uid: 5\n  gid: guests\n'],
    ['guest', '  uid: 1001\n'],
    ['# uid: 7\nuidgid {\nuid: -1\n}', '  uid: 1001\n'],
  ])('are told right for %j', (text, lines) => {
    expect(check(text)[0]?.remedy).toBe(
      `write it as follows, each on a line of its own:\nuidgid {\n${lines}}`,
    );
  });

  it('are worth a note if nobody in /etc/passwd has the name', () => {
    expect(check('uidgid {\n  uid: stranger\n}\n')).toEqual([
      {
        level: 'note',
        id: 'name-unknown',
        text: `${DIRECTORY}/some:2: /etc/passwd does not name stranger; corosync does not start with a name that its machine does not know`,
        remedy: 'write the number',
      },
    ]);
  });

  it('are looked at one by one, also hidden ones, but no directories', () => {
    system.write(`${DIRECTORY}/.hidden`, 'x');
    system.write(`${DIRECTORY}/other`, 'x');
    system.write(`${DIRECTORY}/directory/file`, 'x');
    expect(check('').map(({ text }) => / (\S+):1: /.exec(text)?.[1])).toEqual([
      `${DIRECTORY}/.hidden`,
      `${DIRECTORY}/other`,
    ]);
  });

  it('allow nobody while corosync cannot read them', () => {
    check('uidgid {\n  uid: guest\n');
    expect(permissionRemedy(system.lookAround({}, GUEST))).toMatch(
      /^first mend \/etc\/corosync\/uidgid.d\/some:2, before which corosync reads no rule; then as root, create /,
    );
  });
});
