import { describe, expect, it } from 'vitest';
import { SessionStateMachine, statusOf } from '../../src/session/session-state.ts';

describe('the state of a session', () => {
  it('does not go where it cannot', () => {
    const machine = new SessionStateMachine(() => undefined);
    expect(() => machine.go({ state: 'resynced', client: {} })).toThrow('from connecting to resynced');
    machine.go({ state: 'closed' });
    expect(() => machine.go({ state: 'connecting', attempt: 1 })).toThrow('from closed to connecting');
    expect(machine.state).toEqual({ state: 'closed' });
  });

  it('has a connection while there is one', () => {
    const client = {};
    const machine = new SessionStateMachine<object>(() => undefined);
    expect(machine.client).toBeUndefined();
    machine.go({ state: 'connected', client });
    expect(machine.client).toBe(client);
    machine.go({ state: 'closed' });
    expect(machine.client).toBeUndefined();
  });

  it('tells its user that it is behind only when it was up to date', () => {
    const [behind, ahead] = [{ behind: true }, { behind: false }];
    expect(statusOf({ state: 'resynced', client: behind })).toEqual({ state: 'resynced', behind: true });
    expect(statusOf({ state: 'resynced', client: ahead })).toStrictEqual({ state: 'resynced' });
    expect(statusOf({ state: 'resynced', client: {} })).toStrictEqual({ state: 'resynced' });
    expect(statusOf({ state: 'connected', client: behind })).toStrictEqual({ state: 'connected' });
    expect(statusOf({ state: 'closed' })).toEqual({ state: 'closed' });
  });
});
