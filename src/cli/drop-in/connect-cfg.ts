import type { CfgUser } from '../cluster/connector.ts';
import type { ByteString } from './bytes.ts';
import type { Connections, ServicesEnvironment } from './services.ts';
import { errorNumber } from './tool-failure.ts';

export function connectCfg(
  { connect }: ServicesEnvironment,
  connections: Connections,
  show: (error: unknown) => ByteString | number = errorNumber,
): Promise<CfgUser> {
  return connections.open(
    connect.cfg,
    (error) => `Could not initialize corosync configuration API error ${show(error)}`,
  );
}
