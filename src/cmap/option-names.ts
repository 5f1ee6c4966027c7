import { CsError, show } from '../errors/index.ts';

/** A misspelt option would be ignored, and its default used. @throws CsError CS_ERR_INVALID_PARAM, which lists those that there are. */
export function checkOptionNames<Options extends object>(
  { operation, key }: { readonly operation: string; readonly key?: string | undefined },
  options: Options,
  known: readonly (keyof Options & string)[],
): void {
  const invalid = (detail: string): CsError =>
    new CsError('CS_ERR_INVALID_PARAM', {
      operation,
      key: typeof key === 'string' ? key : undefined,
      detail,
    });
  if (typeof options !== 'object' || (options as unknown) === null)
    throw invalid(`options are ${show(options)}; give an object`);
  const names: readonly string[] = known;
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw invalid(`there is no option ${show(unknown)}; there are ${known.join(', ')}`);
}
