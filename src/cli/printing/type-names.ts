/** The short type names of corosync-cmapctl, by the long ones that the library uses. */
export const SHORT_TYPE_NAMES = {
  int8: 'i8',
  uint8: 'u8',
  int16: 'i16',
  uint16: 'u16',
  int32: 'i32',
  uint32: 'u32',
  int64: 'i64',
  uint64: 'u64',
  float: 'flt',
  double: 'dbl',
  string: 'str',
  binary: 'bin',
} as const;

export type LongTypeName = keyof typeof SHORT_TYPE_NAMES;

/** The long names by the short ones. */
export const LONG_TYPE_NAMES: ReadonlyMap<string, LongTypeName> = new Map(
  (Object.keys(SHORT_TYPE_NAMES) as LongTypeName[]).map((name) => [SHORT_TYPE_NAMES[name], name]),
);
