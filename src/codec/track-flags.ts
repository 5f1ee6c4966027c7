/**
 * What quorum and votequorum do when told to track: `'current'` sends one snapshot and does not track, `'changes'` sends a
 * snapshot and then every change, `'changes-only'` every change. (Other combinations mean one of these, or nothing.)
 */
export type TrackMode = 'current' | 'changes' | 'changes-only';

/** CS_TRACK_CURRENT, CS_TRACK_CHANGES, CS_TRACK_CHANGES_ONLY. */
export const TRACK_FLAGS: Readonly<Record<TrackMode, number>> = {
  current: 1,
  changes: 2,
  'changes-only': 4,
};
