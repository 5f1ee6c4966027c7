import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, type Finding, type Goal } from '../finding.ts';
import { cpuMicrosecondsEach, type Elapsed, type Peer } from '../peer.ts';
import { processCost } from '../process-cost.ts';

const PREFIX = 'bench.notify.';
const KEYS = 64;
/** Sets in flight. Corosync waits for the sender now and then with the fewer, hardly ever with the more. */
const WINDOWS = [64, 256];

type Receiver = 'listen' | 'track' | 'libcmap';

interface Received extends Elapsed {
  /** Processor time of corosync, which serves sender and receiver. */
  readonly corosyncMs: number;
}

/** Notifications while another process makes corosync send as many as it can. */
export async function notifications(bench: Bench): Promise<Finding[]> {
  await bench.createKeys(PREFIX, KEYS);
  const findings: Finding[] = [];
  for (const window of WINDOWS) findings.push(...(await measure(bench, window)));
  return findings;
}

async function measure(bench: Bench, window: number): Promise<Finding[]> {
  const count = bench.options.quick ? 20_000 : 150_000;
  await using sender = bench.libqb();
  await using ours = bench.ours();
  await using libcmap = bench.libcmap();
  const receive = async (peer: Peer, command: string): Promise<Received> => {
    await peer.ask(command, PREFIX, count);
    const before = processCost(bench.corosync.pid).cpuMs;
    const [, received] = await Promise.all([
      sender.ask('pipelined-set', PREFIX, count, window, bench.newValues(count)),
      peer.answer<Elapsed>(command),
    ]);
    return { ...received, corosyncMs: processCost(bench.corosync.pid).cpuMs - before };
  };
  const rounds = await alternate<Received, Receiver>(bench.options.rounds, {
    listen: () => receive(ours, 'listen'),
    track: () => receive(ours, 'track'),
    libcmap: () => receive(libcmap, 'track'),
  });
  return [
    ...compare(`listener, ${window} sets in flight`, rounds.listen, rounds.libcmap),
    ...compare(`for await, ${window} sets in flight`, rounds.track, rounds.libcmap),
  ];
}

function compare(how: string, ours: Received[], libcmap: Received[]): Finding[] {
  const row = (what: string, unit: string, figure: (round: Received) => number, goal?: Goal): Finding =>
    comparison({
      what: `${what}, ${how}`,
      unit,
      ours: ours.map(figure),
      name: 'libcmap cmap_dispatch',
      other: libcmap.map(figure),
      ...(goal === undefined ? {} : { goal }),
    });
  return [
    row('received', '1000/s', ({ count, ns }) => (count / ns) * 1e6, { of: 'ratio', atLeast: 1 }),
    row('processor time', 'us each', cpuMicrosecondsEach, { of: 'ratio', atMost: 2 }),
    row("corosync's processor time", 'us each', ({ count, corosyncMs }) => (corosyncMs / count) * 1000),
  ];
}
