import { describe, expect, it, vi } from 'vitest';
import { reasonNotToConnect } from '../../../../src/cli/doctor/connection/danger.ts';
import type { FindingId } from '../../../../src/cli/doctor/finding-ids.ts';
import { note, problem, under } from '../../../../src/cli/doctor/finding.ts';
import { FakeSystem, abstract } from '../fake-system.ts';

describe('reasonNotToConnect', () => {
  it('is what would harm corosync, and nothing less', () => {
    using system = new FakeSystem();
    const reason = (id: FindingId): unknown =>
      reasonNotToConnect(under('some', [problem(id, 'text')]), system.lookAround());
    expect(reason('corosync-memory')).toMatchObject({
      level: 'problem',
      id: 'not-tried',
      remedy: 'the reason is above: corosync-memory',
    });
    expect(reason('corosync-file-size')).toBeDefined();
    expect(reason('corosync-open-files')).toBeDefined();
    expect(reason('corosync-stopped')).toBeUndefined();
    expect(reason('shm-full')).toBeUndefined();
    const mere = under('some', [note('corosync-memory', 'text')]);
    expect(reasonNotToConnect(mere, system.lookAround())).toBeUndefined();
  });

  it('is another program on the name, unless it is root that runs it', () => {
    vi.restoreAllMocks();
    using system = new FakeSystem();
    system.listen('self', abstract('cmap'));
    system.addProcess(9, { comm: 'other', uid: 33 });
    system.holdSocket(9, abstract('cmap'));
    const foreign = under('socket', [problem('socket-foreign', 'text')]);
    expect(reasonNotToConnect(foreign, system.lookAround())).toBeDefined();
    system.addProcess(9, { comm: 'other', uid: 0, namespaces: 'hidden' });
    expect(reasonNotToConnect(foreign, system.lookAround())).toBeUndefined();
  });
});
