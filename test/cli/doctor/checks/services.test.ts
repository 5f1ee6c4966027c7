import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkServices } from '../../../../src/cli/doctor/checks/services.ts';
import { FakeSystem, abstract, forceFilesystemSockets } from '../fake-system.ts';

const CONF = '/etc/corosync/corosync.conf';
let system: FakeSystem;

beforeEach(() => {
  forceFilesystemSockets(false);
  system = new FakeSystem();
});
afterEach(() => {
  system[Symbol.dispose]();
  vi.restoreAllMocks();
});

describe('services', () => {
  const all = ['cmap', 'quorum', 'votequorum', 'cfg', 'cpg'];

  it('are all there, or nobody is', () => {
    expect(checkServices(system.lookAround())).toEqual([]);
    system.listen('self', ...all.map(abstract));
    expect(checkServices(system.lookAround())).toEqual([
      { level: 'ok', text: 'corosync serves cmap, quorum, votequorum, cfg, cpg' },
    ]);
  });

  it('lack votequorum, by the configuration or because corosync starts', () => {
    system.listen('self', ...all.filter((name) => name !== 'votequorum').map(abstract));
    system.write(CONF, 'quorum {\n  provider: corosync_votequorum\n}\n');
    expect(checkServices(system.lookAround())[1]?.remedy).toMatch(/^corosync.conf names it/);
    system.write(CONF, 'quorum {\n}\n');
    expect(checkServices(system.lookAround())[1]?.remedy).toMatch(/^it takes quorum .* corosync.conf, and/);
    fs.rmSync(system.path(CONF));
    expect(checkServices(system.lookAround())[1]?.remedy).toMatch(/\(which cannot be read here\)/);
  });

  it('lack some', () => {
    system.listen('self', abstract('cmap'), abstract('cfg'));
    expect(checkServices(system.lookAround())).toMatchObject([
      { level: 'ok' },
      { id: 'service-not-served', text: 'nobody listens as quorum, votequorum, cpg' },
    ]);
  });
});
