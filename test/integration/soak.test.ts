import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeIntegration } from '../helpers/corosync/requirements.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));

interface Result {
  readonly good: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

/** A short `npm run soak`, so that it cannot rot. */
async function soak(minutes: number): Promise<{ status: number; result: Result }> {
  const directory = mkdtempSync(join(tmpdir(), 'soak-'));
  const json = join(directory, 'result.json');
  const words = ['--import', 'tsx', 'soak/main.ts', '--minutes', String(minutes), '--json', json];
  try {
    const child = spawn(process.execPath, words, {
      cwd: repository,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [status] = (await once(child, 'exit')) as [number];
    return { status, result: JSON.parse(readFileSync(json, 'utf8')) as Result };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describeIntegration('the soak', () => {
  it('runs for 20 seconds: everybody works, and nothing is wrong or leaks', async () => {
    const { status, result } = await soak(1 / 3);
    expect(result.notes).toEqual([]);
    expect({ status, good: result.good }).toEqual({ status: 0, good: true });
    for (const what of [
      'CS_OK',
      'iterations',
      'notifications',
      'follower notifications',
      'resyncs',
      'calls of the C peer',
      'pictures compared',
      'service calls',
      'service events',
      'group calls',
      'messages of groups',
      'states compared',
    ]) {
      expect(result.counts[what], what).toBeGreaterThan(0);
    }
  }, 180_000);

  it('takes no senseless options', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'soak/main.ts', '--minutes', '0'], {
      cwd: repository,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    expect(await once(child, 'close')).toEqual([2, null]);
    expect(said).toMatch(/^--minutes takes a number above 0, not 0\nusage: .*\n$/);
  });
});
