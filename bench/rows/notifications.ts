import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, type Finding } from '../finding.ts';
import { cpuMicrosecondsEach, type Elapsed, type Peer } from '../peer.ts';

const PREFIX = 'bench.notify.';
const KEYS = 64;
const WINDOW = 64;

type Receiver = 'listen' | 'track' | 'libcmap';

/** Notifications while another process makes corosync send as many as it can. */
export async function notifications(bench: Bench): Promise<Finding[]> {
  const count = bench.options.quick ? 20_000 : 150_000;
  await bench.createKeys(PREFIX, KEYS);
  await using sender = bench.libqb();
  await using ours = bench.ours();
  await using libcmap = bench.libcmap();
  const receive = async (peer: Peer, command: string): Promise<Elapsed> => {
    await peer.ask(command, PREFIX, count);
    const [, received] = await Promise.all([
      sender.ask('pipelined-set', PREFIX, count, WINDOW, bench.newValues(count)),
      peer.answer<Elapsed>(command),
    ]);
    return received;
  };
  const rounds = await alternate<Elapsed, Receiver>(bench.options.rounds, {
    listen: () => receive(ours, 'listen'),
    track: () => receive(ours, 'track'),
    libcmap: () => receive(libcmap, 'track'),
  });
  return [
    ...compare('listener', rounds.listen, rounds.libcmap),
    ...compare('for await', rounds.track, rounds.libcmap),
  ];
}

function compare(how: string, ours: Elapsed[], libcmap: Elapsed[]): Finding[] {
  const rate = ({ count, ns }: Elapsed): number => (count / ns) * 1e6;
  const name = 'libcmap cmap_dispatch';
  return [
    comparison({
      what: `received, ${how}`,
      unit: '1000/s',
      ours: ours.map(rate),
      name,
      other: libcmap.map(rate),
      goal: { of: 'ratio', atLeast: 1 },
    }),
    comparison({
      what: `processor time, ${how}`,
      unit: 'us each',
      ours: ours.map(cpuMicrosecondsEach),
      name,
      other: libcmap.map(cpuMicrosecondsEach),
      goal: { of: 'ratio', atMost: 2 },
    }),
  ];
}
