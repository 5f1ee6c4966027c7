import type { CmapSession } from '../../index.ts';
import type { CommandContext } from '../command.ts';
import { explain, explainConnecting } from '../printing/explain.ts';

/** On standard error, each trouble of a session once: an attempt that fails as the one before it is no news. */
export async function complainOfTroubles(
  session: Pick<CmapSession, 'statuses'>,
  context: Pick<CommandContext, 'complain'>,
): Promise<void> {
  let told = '';
  for await (const status of session.statuses()) {
    if (status.state === 'resynced') {
      if (told !== '') context.complain('connected');
      told = '';
    }
    if (status.state !== 'unavailable' && status.state !== 'lost') continue;
    const trouble = (status.state === 'lost' ? explain : explainConnecting)(status.error);
    if (trouble !== told) context.complain(`${trouble}; trying again until it works`);
    told = trouble;
  }
}
