#!/usr/bin/env node
import { localConnector } from './cluster/connector.ts';
import type { DropInName } from './drop-in/names.ts';
import { SyncOutput } from './drop-in/sync-output.ts';
import { exitWith } from './exit-with.ts';
import { Output } from './printing/output.ts';
import { rawArguments } from './arguments/raw-arguments.ts';
import { runCli } from './run-cli.ts';

const errors = new SyncOutput(2, () => undefined);

exitWith(
  runCli(rawArguments(), {
    output: new Output(process.stdout),
    variables: process.env,
    async connect(options) {
      const { CmapClient } = await import('./library/cmap-client.ts');
      return CmapClient.connect(options);
    },
    async openSession(options) {
      const { CmapSession } = await import('./library/cmap-session.ts');
      return CmapSession.open(options);
    },
    async openQuorumSession(options) {
      const { QuorumSession } = await import('./library/quorum-session.ts');
      return QuorumSession.open(options);
    },
    async openCluster(options) {
      const { Cluster } = await import('./library/cluster.ts');
      return Cluster.open(options);
    },
    async clusterState(options) {
      const { Cluster } = await import('./library/cluster.ts');
      return Cluster.snapshot(options);
    },
    connector: localConnector,
    complain(line) {
      errors.write(`${Buffer.from(line).toString('latin1')}\n`);
      errors.flush();
    },
    dropIn,
  }),
);

async function dropIn(name: DropInName, words: readonly string[]): Promise<number> {
  if (name === 'cmapctl') {
    const { runCmapctl } = await import('./cmapctl/run.ts');
    const { nodeEnvironment } = await import('./cmapctl/node-environment.ts');
    return runCmapctl(words, nodeEnvironment());
  }
  const { nodeServicesEnvironment } = await import('./drop-in/node-services.ts');
  if (name === 'cfgtool') {
    const { runCfgtool } = await import('./cfgtool/run.ts');
    return runCfgtool(words, nodeServicesEnvironment());
  }
  if (name === 'cpgtool') {
    const { runCpgtool } = await import('./cpgtool/run.ts');
    return runCpgtool(words, nodeServicesEnvironment());
  }
  const { runQuorumtool } = await import('./quorumtool/run.ts');
  return runQuorumtool(words, nodeServicesEnvironment());
}
