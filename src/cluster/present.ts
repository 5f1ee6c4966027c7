/** The property, unless it has no value: what is not known is absent. */
export function present<Name extends string, T>(
  name: Name,
  value: T | undefined,
): Readonly<Partial<Record<Name, T>>> {
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, T>>;
}
