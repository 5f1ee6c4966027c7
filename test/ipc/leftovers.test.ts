import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { connectTo } from '../helpers/fake-client.ts';
import { ScriptedServer } from '../helpers/scripted-server.ts';
import { answerFake } from '../helpers/fake-request.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describe('files of a lost connection', () => {
  /** The pid of a process that has been here and is gone. */
  function deadPid(): number {
    return spawnSync('true').pid;
  }

  it('are removed if the server is dead', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake, pid: deadPid() });
    const connection = await connectTo(corosync);
    expect(fs.readdirSync(corosync.ringDirectory)).toHaveLength(6);
    corosync.die();
    await waitUntil('the files are gone', () => !fs.existsSync(corosync.ringDirectory), { everyMs: 1 });
    expect(connection.closed).toBe(true);
  });

  it('are left to a server that lives', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake });
    const connection = await connectTo(corosync);
    corosync.die();
    await waitUntil('the connection is closed', () => connection.closed, { everyMs: 1 });
    expect(fs.readdirSync(corosync.ringDirectory)).toHaveLength(6);
  });

  it('are left to the server if we close', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake, pid: deadPid() });
    const connection = await connectTo(corosync);
    await connection.close();
    expect(fs.readdirSync(corosync.ringDirectory)).toHaveLength(6);
  });
});
