import type { CsErrorName } from '../../errors/index.ts';

type Hints = Partial<Record<CsErrorName, string>>;

/** What corosync's refusals mean in words. */
export const NODE_HINTS: Hints = {
  CS_ERR_NOT_EXIST: 'corosync has never seen a node of this id',
};

export const EXPECTED_HINTS: Hints = {
  CS_ERR_INVALID_PARAM:
    'that is less than the votes there are, or so many that the cluster would lose quorum',
  CS_ERR_NO_RESOURCES: 'corosync cannot tell the other nodes now; try again later',
};

export const VOTES_HINTS: Hints = {
  CS_ERR_INVALID_PARAM: 'quorum would then be more than the votes there are, or less than half of them',
  CS_ERR_NAME_NOT_FOUND: 'corosync has never seen a node of this id',
  CS_ERR_NO_RESOURCES: 'corosync cannot tell the other nodes now; try again later',
};

const NOT_POSSIBLE = 'the configuration of this corosync allows no quorum device';

export const REGISTER_HINTS: Hints = {
  CS_ERR_EXIST: 'a quorum device of another name is registered on a node of this cluster',
  CS_ERR_TRY_AGAIN: 'another registration is under way; try again',
  CS_ERR_ACCESS: NOT_POSSIBLE,
};

export const DEVICE_HINTS: Hints = {
  CS_ERR_NOT_EXIST: 'no quorum device is registered on this node',
  CS_ERR_INVALID_PARAM: 'the quorum device that is registered has another name',
  CS_ERR_MESSAGE_ERROR: 'the ring id is not that of the last nodelist event: poll again with that one',
  CS_ERR_ACCESS: NOT_POSSIBLE,
};

export const EXTRA_INFO_HINTS: Hints = {
  CS_ERR_NOT_EXIST:
    'no quorum device is registered on this node, or corosync has never seen a node of this id',
  CS_ERR_INVALID_PARAM: 'this version of corosync does not know extra info',
  CS_ERR_ACCESS: NOT_POSSIBLE,
};
