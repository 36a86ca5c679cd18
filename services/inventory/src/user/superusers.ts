import type { SuperuserEvent } from '@cyborgbackup/contracts';
import { AppError, type Decider } from '@cyborgbackup/kernel';

/*
 * Somebody must stay a superuser, also when two of the last ones demote or remove each other at the same moment. Each
 * user is a stream of its own, so no stream of theirs sees both. Therefore a withdrawal is first decided here, in one
 * stream for all, where one of two simultaneous decisions loses and is taken again knowing the other; then the user's own
 * event follows, at exactly the version that the withdrawal names.
 *
 * Who is a superuser comes from the read model, which may be behind. That does no harm: a user counts only with a
 * revision above the version of the last withdrawal, so one that is decided and not yet written, or written and not yet
 * shown, does not count. A withdrawal whose second step never came (the process died, somebody else changed the user
 * first) stops counting as soon as the user changes in any way; until then the count is too low, which is the safe side.
 *
 * A lock around both steps would be shorter, but it ends with the connection that holds it, whatever is still under way.
 */

export interface Superuser {
  readonly uuid: string;
  /** Version of the user's stream at which this was seen. */
  readonly revision: number;
}

export interface WithdrawSuperuser {
  readonly user: string;
  /** The version of the user's stream, at which its event is going to be appended. */
  readonly version: number;
  /** All superusers, as far as known. */
  readonly superusers: readonly Superuser[];
}

/** The version named by each user's last withdrawal. */
type Withdrawals = ReadonlyMap<string, number>;

export const superusersDecider: Decider<Withdrawals, WithdrawSuperuser, SuperuserEvent> = {
  initialState: new Map(),

  decide: ({ user, version, superusers }, withdrawals) => {
    const stays = ({ uuid, revision }: Superuser): boolean => uuid !== user && revision > (withdrawals.get(uuid) ?? 0);
    if (!superusers.some(stays)) {
      throw new AppError('conflict', 'This is the last superuser: make somebody else a superuser first.');
    }
    return [{ type: 'superuser-withdrawn', data: { user, version } }];
  },

  evolve: (withdrawals, { data: { user, version } }) => new Map(withdrawals).set(user, version),
};
