import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CmapTrackEvent } from '../../index.ts';
import { toKey, type ByteString } from '../drop-in/bytes.ts';
import type { CmapctlClient, Environment } from './environment.ts';
import { ToolFailure, errorText } from '../drop-in/tool-failure.ts';
import type { CmapctlOptions } from './options.ts';
import { printKey, type PrintStyle } from './print-value.ts';

/** -t and -T: prints changes until standard input says to stop, or the connection is lost. */
export async function trackChanges(
  client: CmapctlClient,
  { operands, trackPrefix }: CmapctlOptions,
  style: PrintStyle,
  environment: Environment,
): Promise<void> {
  const printer = new ChangePrinter(style, environment);
  for (const key of operands) {
    if (canFire(key, trackPrefix)) await addTracker(client, key, trackPrefix, printer);
  }
  printer.start();
  const lost = await Promise.race([environment.waitForQuit(), client.whenClosed()]);
  // What arrived together with the "q" is still printed: the C tool looks at the input first, too.
  await nextTurn();
  // The C tool exits with 0 after this.
  if (lost !== undefined) environment.complain(`Dispatch error ${errorText(lost)}`);
}

async function addTracker(
  client: CmapctlClient,
  key: ByteString,
  prefix: boolean,
  printer: ChangePrinter,
): Promise<void> {
  try {
    await client.track(toKey(key), { prefix, listener: (event) => printer.print(event) });
  } catch (error) {
    throw new ToolFailure(`Failed to add tracking function. Error ${errorText(error)}`);
  }
}

/** Our client refuses a tracker that no key can ever match; the C tool adds it and waits. A key that is too long both refuse. */
function canFire(key: ByteString, prefix: boolean): boolean {
  return key.length > 255 || (/^[a-zA-Z0-9._\-/:]*$/.test(key) && (prefix || key.length >= 3));
}

const EVENT_WORDS = { add: 'create', delete: 'delete', modify: 'modify' } as const;

class ChangePrinter {
  readonly #style: PrintStyle;
  readonly #environment: Environment;
  /** What changes while trackers are still being added comes behind the first line. */
  #early: ByteString | undefined = '';
  #flushing: NodeJS.Immediate | undefined;

  constructor(style: PrintStyle, environment: Environment) {
    this.#style = style;
    this.#environment = environment;
  }

  start(): void {
    this.#environment.write(`Type "q" to finish\n${this.#early ?? ''}`);
    this.#environment.flush();
    this.#early = undefined;
  }

  print(event: CmapTrackEvent): void {
    // A tracker with a listener has no queue that could overflow.
    if (event.kind === 'overflow') return;
    const value = event.change === 'delete' ? event.oldValue : event.newValue;
    const line = `${EVENT_WORDS[event.change]}> ${printKey(event.key, value, this.#style)}`;
    if (this.#early !== undefined) this.#early += line;
    else this.#write(line);
  }

  /** Notifications come in batches; each batch goes out in one piece. */
  #write(line: ByteString): void {
    this.#environment.write(line);
    this.#flushing ??= setImmediate(() => {
      this.#flushing = undefined;
      this.#environment.flush();
    });
  }
}
