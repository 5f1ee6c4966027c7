import type { ConnectionFiles } from '../connection-files.ts';
import { serverName } from '../socket-address.ts';
import { BatchTurn } from './batch-turn.ts';
import { whenLetGo } from './let-go.ts';
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

const gates = new Map<string, TurnGate>();

/** The turns of a connection. */
export function batchTurn(
  { turns, socketDirectory }: TurnTaker,
  files: ConnectionFiles,
): BatchTurn | undefined {
  if (turns === undefined) return undefined;
  return new BatchTurn(gateOf(turns, socketDirectory), (letGo) => whenLetGo(files, letGo));
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
  const gate = gateOf({ ...turns, map: 'stats' }, socketDirectory);
  await enter(gate, signal);
  try {
    const result = await shake();
    gate.leave();
    return result;
  } catch (error) {
    setTimeout(() => gate.leave(), ABANDONED_AFTER_MS).unref();
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
      gate.cancel(seeker);
      reject(signal.reason as Error);
    };
    if (signal.aborted) return giveUp();
    if (gate.enter('change', seeker)) return resolve();
    signal.addEventListener('abort', giveUp, { once: true });
  });
}

/** One for all connections of this copy of the library. */
function gateOf({ name, map }: TurnPlace, socketDirectory: string | undefined): TurnGate {
  const place = `${map} ${serverName(name, socketDirectory)}`;
  const gate = gates.get(place) ?? new TurnGate(NOBODY);
  gates.set(place, gate);
  return gate;
}

const NOBODY = { acquire: () => true, release: () => undefined, isWanted: () => false };
