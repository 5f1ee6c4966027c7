export { CfgClient } from './cfg-client.ts';
export type { CfgConnectOptions } from './connect-options.ts';
