import { beforeEach, type RunnerTask } from 'vitest';

/** What the package node-unix-socket carries, which does not run in the threads that Stryker runs tests in. */
const DATAGRAMS = /over datagrams| socket: |node-unix-socket|package for datagram sockets|a true datagram/;

beforeEach(({ task, skip }) => {
  skip(DATAGRAMS.test(nameOf(task)));
});

function nameOf({ suite, name }: Pick<RunnerTask, 'suite' | 'name'>): string {
  return suite === undefined ? name : `${nameOf(suite)} ${name}`;
}
