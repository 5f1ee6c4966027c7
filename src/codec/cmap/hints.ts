import type { CsErrorName } from '../../errors/index.ts';

type Hints = Partial<Record<CsErrorName, string>>;

const TRY_AGAIN = 'corosync is overloaded; try again later';

/** What corosync's refusals mean in words. */
export const READ_HINTS: Hints = {
  CS_ERR_NOT_EXIST: 'there is no such key',
  CS_ERR_TRY_AGAIN: TRY_AGAIN,
};

export const WRITE_HINTS: Hints = {
  CS_ERR_NOT_EXIST: 'there is no such key',
  CS_ERR_ACCESS: 'the key is read-only for clients',
  CS_ERR_NOT_SUPPORTED: 'the stats map is read-only, but for stats.clear.*',
  CS_ERR_TRY_AGAIN: TRY_AGAIN,
};

export const ADJUST_HINTS: Hints = {
  ...WRITE_HINTS,
  CS_ERR_INVALID_PARAM: 'the value is no integer',
};
