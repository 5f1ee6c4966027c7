import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { shell } from '../../cli/program.ts';
import { PrivateCorosync } from '../../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../../helpers/corosync/requirements.ts';
import { NOBODY, diagnose } from '../../helpers/doctor/diagnosis.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

/** gdb on a process, which it holds until it is told otherwise. */
class Debugger implements AsyncDisposable {
  readonly #gdb;
  readonly #process: number;

  private constructor(process: number) {
    this.#process = process;
    // gdb would stop at the signal that does not help.
    const signal = ['-ex', 'handle SIGCONT nostop noprint'];
    this.#gdb = spawn('gdb', ['-nx', '-q', '-p', String(process), ...signal], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  }

  static async attach(process: number): Promise<Debugger> {
    const gdb = new Debugger(process);
    await waitUntil('gdb holds it', () => gdb.#state() === 't');
    return gdb;
  }

  get pid(): number | undefined {
    return this.#gdb.pid;
  }

  async type(line: string, state: RegExp): Promise<void> {
    this.#gdb.stdin.write(`${line}\n`);
    await waitUntil(`gdb has done it: ${line}`, () => state.test(this.#state()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#gdb, 'exit');
    this.#gdb.stdin.end('quit\n');
    await exited;
  }

  #state(): string {
    return /^State:\s+(.)/m.exec(readFileSync(`/proc/${this.#process}/status`, 'utf8'))?.[1] ?? '?';
  }
}

describeIntegration('doctor and a corosync under a debugger', () => {
  it.each([
    ['root', ''],
    ['a user', NOBODY],
  ])('names the debugger, and does not advise a signal that it would keep: %s', async (_, as) => {
    await using corosync = await PrivateCorosync.start({ uidgid: { uid: 65534 } });
    await shell(`chmod 755 ${corosync.directory}`);
    await using gdb = await Debugger.attach(corosync.pid);
    const held = await diagnose(`${as} TOOL doctor --timeout 300`);
    expect(held).toMatchObject({ code: 1, ids: ['corosync-traced', 'not-connected'] });
    const { text, remedy = '' } = held.found('corosync-traced');
    expect(text).toContain(`is held by pid ${gdb.pid} (gdb)`);
    expect(held.found('not-connected').remedy).toBe('the reason is above: corosync-traced');
    expect(remedy).toContain(`ps -fp ${gdb.pid}; let corosync go on in it, or detach it (gdb: detach)`);
    await shell(`kill -CONT ${corosync.pid}`);
    expect(await diagnose(`${as} TOOL doctor --timeout 300`)).toMatchObject({ code: 1 });

    await gdb.type('continue &', /[SR]/);
    const traced = await diagnose(`${as} TOOL doctor`);
    expect(traced).toMatchObject({ code: 0, ids: ['corosync-traced'] });
    expect(traced.found('corosync-traced').text).toContain(`is traced by pid ${gdb.pid} (gdb)`);
    await gdb.type('interrupt', /t/);
    await gdb.type('detach', /[SR]/);
    expect(await diagnose(`${as} TOOL doctor`)).toMatchObject({ code: 0, ids: [] });
    expect(corosync.running).toBe(true);
  });
});
