import { CsError, show } from '../errors/index.ts';

/** Every option that there is: with this type the compiler finds a forgotten one. */
export type OptionNames<Options extends object> = Readonly<Record<keyof Options, true>>;

/** A misspelt option would be ignored, and its default used. @throws CsError CS_ERR_INVALID_PARAM, which lists those that there are. */
export function checkOptionNames<Options extends object>(
  { operation, key }: { readonly operation: string; readonly key?: string | undefined },
  options: Options,
  known: OptionNames<Options>,
): void {
  const invalid = (detail: string): CsError =>
    new CsError('CS_ERR_INVALID_PARAM', {
      operation,
      key: typeof key === 'string' ? key : undefined,
      detail,
    });
  if (typeof options !== 'object' || (options as unknown) === null)
    throw invalid(`options are ${show(options)}; give an object`);
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined)
    throw invalid(`there is no option ${show(unknown)}; there are ${Object.keys(known).join(', ')}`);
}
