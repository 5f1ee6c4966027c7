import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeCorosync } from '../../src/testing/index.ts';
import { built, shell } from './program.ts';

const VALUE = 'a\tb\x1b[2J\x9bc\u00e9';
const SHOWN = 'a\tb\\x1B[2J\\x9Bc\u00e9';

let fake: FakeCorosync;
let environment: NodeJS.ProcessEnv;
beforeAll(async () => {
  fake = await FakeCorosync.start({ entries: { 'a.title': { type: 'string', value: VALUE } } });
  const { socketDirectory, sharedMemoryDirectory } = fake.connectOptions;
  environment = {
    ...process.env,
    COROSYNC_CLIENT_SOCKET_DIRECTORY: socketDirectory,
    COROSYNC_CLIENT_SHM_DIRECTORY: sharedMemoryDirectory,
  };
});
afterAll(() => fake.stop());

/** What a program prints when its standard output and error are a pipe. */
async function piped(command: string): Promise<string> {
  const { stdout, stderr } = await shell(`${command} 2>&1`, { env: environment });
  return stdout.toString() + stderr;
}

/** What it prints on a terminal, which has \r\n at the ends of lines. */
async function onTerminal(command: string): Promise<string> {
  const quoted = command.replaceAll("'", "'\\''");
  return (await piped(`script --quiet --command '${quoted}' /dev/null`)).replaceAll('\r\n', '\n');
}

describe.each([
  ['get', `${built('main')} get a.title`, '', '\n'],
  ['cmapctl -g', `${built('cmapctl-main')} -g a.title`, 'a.title (str) = ', '\n'],
  ['cmapctl', `${built('cmapctl-main')} a.`, 'a.title (str) = ', '\n'],
])('%s', (_name, command, before, after) => {
  it('prints a value as it is where a program reads it, and safe on a terminal', async () => {
    expect(await piped(command)).toBe(before + VALUE + after);
    expect(await onTerminal(command)).toBe(before + SHOWN + after);
  });
});

it('get --raw prints the bytes wherever', async () => {
  expect(await onTerminal(`${built('main')} get --raw a.title`)).toContain('\x1b[2J');
});

it.each(['list', 'get --json a.title', 'list --json', 'doctor --json'])(
  '%s prints no control character, whoever reads it',
  async (words) => {
    expect(await piped(`${built('main')} ${words}`)).not.toMatch(/[\x1b\x7f-\x9f]/);
  },
);

describe('input that has no end', () => {
  it.each([
    ['set', '/dev/zero', 'binary value has at most 16384 bytes; /dev/zero has more', 1],
    ['set', '- </dev/zero', 'binary value has at most 16384 bytes; standard input has more', 1],
    ['cmapctl -s', '/dev/zero', 'Failed to set key a.zero. Error CS_ERR_TOO_BIG\n', 1],
    ['cmapctl -s', '- </dev/zero', 'Failed to set key a.zero. Error CS_ERR_TOO_BIG\n', 1],
  ])('%s a.zero bin %s', async (command, input, message, code) => {
    const type =
      command === 'set'
        ? `${built('main')} set a.zero bin ${input}`
        : `${built('cmapctl-main')} -s a.zero bin ${input}`;
    const outcome = await shell(type, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    expect(outcome.stderr).toContain(message);
    expect(outcome.code).toBe(code);
  });

  it('what fits is taken', async () => {
    const line = `head -c 16384 /dev/zero | ${built('main')} set a.most bin -`;
    expect(await shell(line, { env: environment })).toMatchObject({ code: 0, stderr: '' });
    expect(fake.cmap.get('a.most')).toEqual({ type: 'binary', value: new Uint8Array(16_384) });
  });
});
