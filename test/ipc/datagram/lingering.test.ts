import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { linger } from '../../../src/ipc/datagram/lingering.ts';

class Sockets {
  over = false;
  closed = 0;
  isOver(): boolean {
    return this.over;
  }
  close(): void {
    this.closed += 1;
  }
}

const begun = (count: number): Sockets[] =>
  Array.from({ length: count }, () => {
    const sockets = new Sockets();
    linger(sockets);
    return sockets;
  });

/** What keeps the process, beside sockets. */
let resources: string[] = [];

describe('sockets of closed connections', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    resources = ['Timeout'];
    vi.spyOn(process, 'getActiveResourcesInfo').mockImplementation(() => resources);
  });
  afterEach(() => {
    vi.advanceTimersByTime(200_000);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('close as soon as corosync has let go', () => {
    const [sockets] = begun(1) as [Sockets];
    vi.advanceTimersByTime(20);
    expect(sockets.closed).toBe(0);
    sockets.over = true;
    vi.advanceTimersByTime(20);
    expect(sockets.closed).toBe(1);
  });

  it('stay for two minutes where it stands still, so that it finds them when it goes on', () => {
    const [sockets, other] = begun(2) as [Sockets, Sockets];
    vi.advanceTimersByTime(100_000);
    expect([sockets.closed, other.closed]).toEqual([0, 0]);
    other.over = true;
    vi.advanceTimersByTime(3000);
    expect([sockets.closed, other.closed]).toEqual([0, 1]);
    vi.advanceTimersByTime(30_000);
    expect(sockets.closed).toBe(1);
  });

  it('do not keep a process for longer than four seconds that has nothing else to do', () => {
    const [sockets] = begun(1) as [Sockets];
    resources = [];
    vi.advanceTimersByTime(4000);
    expect(sockets.closed).toBe(0);
    vi.advanceTimersByTime(3000);
    expect(sockets.closed).toBe(1);
  });

  it('are few: of many, the oldest close after four seconds', () => {
    const many = begun(40);
    vi.advanceTimersByTime(4000);
    expect(many.filter(({ closed }) => closed > 0)).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(many.map(({ closed }) => closed)).toEqual([
      ...Array.from({ length: 8 }, () => 1),
      ...Array.from({ length: 32 }, () => 0),
    ]);
    vi.advanceTimersByTime(200_000);
    expect(many.every(({ closed }) => closed === 1)).toBe(true);
  });
});
