import { describe, expect, it } from 'vitest';
import { resolveConnectOptions, type ServiceDescription } from '../../src/service/index.ts';
import { SERVICE_NAMES } from '../../src/service/services.ts';

const QUORUM: ServiceDescription = {
  name: 'quorum',
  operation: 'quorum_initialize',
  reads: new Set([0, 3]),
  bufferSize: 65_536,
};

describe('the options of connecting to a service', () => {
  it('have the defaults of the service', () => {
    expect(resolveConnectOptions({}, QUORUM)).toMatchObject({ service: 'quorum', bufferSize: 65_536 });
  });

  it('allow everything, or what the service says that it reads', () => {
    expect(resolveConnectOptions({}, QUORUM).allowed).toBeUndefined();
    expect(resolveConnectOptions({ access: 'all' }, QUORUM).allowed).toBeUndefined();
    expect(resolveConnectOptions({ access: 'read' }, QUORUM).allowed).toBe(QUORUM.reads);
    for (const access of ['write', '', null, true] as never[])
      expect(() => resolveConnectOptions({ access }, QUORUM)).toThrow(/options\.access/);
  });

  it.each([...SERVICE_NAMES.filter((name) => name !== 'quorum'), 'pload', 'mon', 'wd'])(
    "refuse the socket of %s, where requests mean something else, and name the service's own function",
    (socketName) => {
      expect(() => resolveConnectOptions({ socketName }, QUORUM)).toThrow(
        `quorum_initialize: CS_ERR_INVALID_PARAM (7): options.socketName is "${socketName}", the name of another service`,
      );
    },
  );

  it('take a socket of another name, as a second corosync may have', () => {
    expect(resolveConnectOptions({ socketName: 'quorum-2' }, QUORUM).service).toBe('quorum-2');
  });
});
