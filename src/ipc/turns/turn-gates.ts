import type { ConnectionFiles } from '../connection-files.ts';
import { serverName } from '../socket-address.ts';
import { CsError } from '../../errors/index.ts';
import { copies } from '../copies/copies.ts';
import { placeOf } from '../copies/layout.ts';
import { whenLetGo } from '../let-go.ts';
import { BatchTurn } from './batch-turn.ts';
import { ProcessTurn } from './process-turn.ts';
import { TurnGate } from './turn-gate.ts';

/** One map of one corosync, whichever of its services a connection is to. */
export interface TurnPlace {
  /** Which corosync, beside its directory: empty for the one whose sockets have their usual names. */
  readonly name: string;
  readonly map: string;
}

/** What of a connection's options decides it. */
export interface TurnTaker {
  readonly turns?: TurnPlace | undefined;
  readonly socketDirectory: string | undefined;
}

/** By their place in the copies' files. Those of other copies are behind each gate. */
const gates = new Map<number, TurnGate>();

/** The turns of a connection. */
export function batchTurn(
  { turns, socketDirectory }: TurnTaker,
  files: ConnectionFiles,
): BatchTurn | undefined {
  if (turns === undefined) return undefined;
  const membership = copies.join(files);
  return new BatchTurn(
    gateOf(turns, socketDirectory),
    (letGo) => whenLetGo(files, letGo),
    () => membership.end(),
  );
}

/** Long enough for a server to notice that a handshake has been given up, many times over. */
const ABANDONED_AFTER_MS = 50;

/**
 * Makes a handshake in its turn: with each connection keys of the stats map come, and a list of them must not be under way. Keys
 * that go with a connection do no harm as long as the same keys do not come again beside the same list.
 */
export async function inHandshakeTurn<T>(
  { turns, socketDirectory }: TurnTaker,
  signal: AbortSignal,
  shake: () => Promise<T>,
): Promise<T> {
  if (turns === undefined) return shake();
  const membership = copies.join();
  const gate = gateOf({ ...turns, map: 'stats' }, socketDirectory);
  const leave = (): void => {
    gate.leave();
    membership.end();
  };
  try {
    await enter(gate, signal);
  } catch (error) {
    membership.end();
    throw error;
  }
  try {
    const result = await shake();
    leave();
    return result;
  } catch (error) {
    setTimeout(leave, ABANDONED_AFTER_MS).unref();
    throw error;
  }
}

function enter(gate: TurnGate, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const seeker = {
      entered: (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      },
    };
    const giveUp = (): void => {
      const { hindrance } = gate;
      gate.cancel(seeker);
      reject(explain(signal.reason, hindrance));
    };
    if (signal.aborted) return giveUp();
    if (gate.enter('change', seeker)) return resolve();
    signal.addEventListener('abort', giveUp, { once: true });
  });
}

/** A deadline's error does not know what was waited for. Anybody else's reason is his own. */
function explain(
  reason: unknown,
  hindrance = 'its lists and changes take turns with those that connect',
): Error {
  if (!(reason instanceof CsError && reason.code === 'CS_ERR_TIMEOUT')) return reason as Error;
  const detail = `${reason.detail ?? ''}; corosync was not asked: ${hindrance}`;
  return new CsError('CS_ERR_TIMEOUT', { operation: reason.operation, detail, cause: reason });
}

/** One for all connections of this copy of the library. */
function gateOf({ name, map }: TurnPlace, socketDirectory: string | undefined): TurnGate {
  const place = placeOf(`${map} ${serverName(name, socketDirectory)}`);
  const gate = gates.get(place) ?? new TurnGate(new ProcessTurn(copies, place));
  gates.set(place, gate);
  return gate;
}
