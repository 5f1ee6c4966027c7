import type { ToolEnvironment } from './environment.ts';
import { ToolFailure } from './tool-failure.ts';

/** Runs a drop-in to its end, and returns its exit code. All that it has written is out by then. */
export async function runTool(environment: ToolEnvironment, work: () => Promise<number>): Promise<number> {
  const code = await codeOf(environment, work);
  environment.flush();
  return code;
}

async function codeOf(environment: ToolEnvironment, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    environment.complain(error.line);
    return error.exitCode;
  }
}
