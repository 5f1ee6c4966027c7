import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Milliseconds that files of tests have taken when all of their tests were run. */
const took = new Map<string, number>();

/** A mutant that a quick test notices costs no slow one: the first that fails ends a run. By itself, vitest begins with the slowest. */
export class QuickFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    for (const { project, moduleId } of files) {
      const key = `${project.name}:${relative(this.ctx.config.root, moduleId)}`;
      const result = this.ctx.cache.getFileTestResults(key);
      if (result !== undefined && !took.has(moduleId)) took.set(moduleId, result.duration);
    }
    const cost = ({ moduleId }: TestSpecification): number => took.get(moduleId) ?? 0;
    return Promise.resolve([...files].sort((one, other) => cost(one) - cost(other)));
  }
}
