import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { shellWord } from '../../../src/cli/doctor/shell-word.ts';

it.each([
  '/etc/corosync/corosync.conf',
  '/run/a;touch pwned;$(id)',
  '/sys/fs/cgroup/user@1000.service/a b',
  `it's`,
  `''"\`id\`"`,
  '-c $HOME ~ * #! \\',
  '',
])('a shell takes %j for one word', (text) => {
  const script = `printf '%s' ${shellWord(text)}`;
  expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe(text);
});

it('leaves a plain path as it is', () => {
  expect(shellWord('/sys/fs/cgroup/user@1000.service')).toBe('/sys/fs/cgroup/user@1000.service');
});
