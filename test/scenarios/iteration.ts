import { expect } from 'vitest';
import type { RawConnection } from '../helpers/wire/raw-connection.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import type { Scenario } from './scenario.ts';

const OK = 1;
const NOT_EXIST = 12;

/** An iteration step by step, and calls between its steps. */
class Steps {
  readonly raw: RawConnection;
  readonly #iterHandle: string;

  private constructor(raw: RawConnection, iterHandle: string) {
    this.raw = raw;
    this.#iterHandle = iterHandle;
  }

  static async over(raw: RawConnection, prefix: string, keys: readonly string[]): Promise<Steps> {
    for (const key of keys)
      await raw.send({ message: 'reqCmapSet', key: prefix + key, type: 2, value: '01' });
    const { bytes } = await raw.send({ message: 'reqCmapIterInit', prefix });
    return new Steps(raw, String(bytes.readBigUInt64LE(24)));
  }

  /** The next key's last part; '' at the end. */
  async next(): Promise<string> {
    const { error, bytes } = await this.raw.send({
      message: 'reqCmapIterNext',
      iterHandle: this.#iterHandle,
    });
    return error === OK
      ? (bytes
          .toString('latin1', 32, 32 + bytes.readUInt16LE(24))
          .split('.')
          .at(-1) ?? '')
      : '';
  }

  async rest(): Promise<string[]> {
    const keys: string[] = [];
    for (let key = await this.next(); key !== ''; key = await this.next()) keys.push(key);
    return keys;
  }

  async set(key: string): Promise<number> {
    return (await this.raw.send({ message: 'reqCmapSet', key, type: 2, value: '02' })).error;
  }

  async get(key: string): Promise<number> {
    return (await this.raw.send({ message: 'reqCmapGet', key, valueLength: 8 })).error;
  }

  async delete(key: string): Promise<number> {
    return (await this.raw.send({ message: 'reqCmapDelete', key })).error;
  }

  async finalize(): Promise<void> {
    await this.raw.send({ message: 'reqCmapIterFinalize', iterHandle: this.#iterHandle });
  }
}

export const ITERATION: readonly Scenario[] = [
  {
    name: 'keys that are deleted ahead are left out, keys that come ahead are seen',
    async run(target) {
      const steps = await Steps.over(await target.raw(), 'iter.a.', ['b', 'd', 'f', 'h']);
      expect(await steps.next()).toBe('b');
      expect(await steps.delete('iter.a.d')).toBe(OK);
      expect(await steps.set('iter.a.g')).toBe(OK);
      expect(await steps.set('iter.a.a')).toBe(OK);
      expect(await steps.rest()).toEqual(['f', 'g', 'h']);
      await steps.finalize();
    },
  },
  {
    name: 'a deleted key on which an iterator stands is there until the iterator moves on, and only then told as deleted',
    async run(target) {
      const raw = await target.raw();
      const steps = await Steps.over(raw, 'iter.b.', ['b', 'd']);
      await raw.send({ message: 'reqCmapTrackAdd', key: 'iter.b.', trackType: 15, trackInstHandle: '1' });
      expect(await steps.next()).toBe('b');
      expect(await steps.delete('iter.b.b')).toBe(OK);
      expect(await steps.get('iter.b.b')).toBe(OK);
      expect(raw.events).toEqual([]);
      expect(await steps.next()).toBe('d');
      await waitUntil('the deletion is told', () => raw.events.length === 1, { everyMs: 1 });
      expect(await steps.get('iter.b.b')).toBe(NOT_EXIST);
      await steps.finalize();
    },
  },
  {
    name: 'a key that is deleted and set again under an iterator is lost when the iterator is finalized',
    async run(target) {
      const steps = await Steps.over(await target.raw(), 'iter.c.', ['b', 'd']);
      expect(await steps.next()).toBe('b');
      expect(await steps.delete('iter.c.b')).toBe(OK);
      expect(await steps.set('iter.c.b')).toBe(OK);
      expect(await steps.get('iter.c.b')).toBe(OK);
      await steps.finalize();
      expect(await steps.get('iter.c.b')).toBe(NOT_EXIST);
    },
  },
  {
    name: 'a new key that shares a beginning with the one on which an iterator stands makes it come twice, and hard to delete',
    async run(target) {
      const steps = await Steps.over(await target.raw(), 'iter.d.', ['alpha', 'beta']);
      expect(await steps.next()).toBe('alpha');
      expect(await steps.set('iter.d.alps')).toBe(OK);
      expect(await steps.rest()).toEqual(['alpha', 'alps', 'beta']);
      await steps.finalize();
      expect(await steps.delete('iter.d.alpha')).toBe(OK);
      expect(await steps.get('iter.d.alpha')).toBe(OK);
      expect(await steps.delete('iter.d.alpha')).toBe(OK);
      expect(await steps.get('iter.d.alpha')).toBe(NOT_EXIST);
    },
  },
  {
    name: 'an iteration that found nothing at its first step finds nothing later',
    async run(target) {
      const steps = await Steps.over(await target.raw(), 'iter.e.', []);
      expect(await steps.next()).toBe('');
      expect(await steps.set('iter.e.b')).toBe(OK);
      expect(await steps.next()).toBe('');
      await steps.finalize();
    },
  },
  {
    name: 'an iteration looks for its first key at its first step, not before',
    async run(target) {
      const other = await target.connect();
      const steps = await Steps.over(await target.raw(), 'iter.f.', ['b']);
      await other.setUint8('iter.f.a', 1);
      expect(await steps.rest()).toEqual(['a', 'b']);
      await steps.finalize();
    },
  },
  {
    name: 'a prefix is looked at first at the first step: over datagrams, a request in between has overwritten it',
    async run(target) {
      const steps = await Steps.over(await target.raw(), 'iter.g.', ['a', 'b']);
      expect(await steps.get('iter.g.b')).toBe(OK);
      expect(await steps.rest()).toEqual(target.ipcType === 'socket' ? ['b'] : ['a', 'b']);
      await steps.finalize();
    },
  },
];
