import type { SuperuserEvent } from '@cyborgbackup/contracts';
import { AppError, type Decider } from '@cyborgbackup/kernel';

/*
 * At least one user stays a superuser, also when the last two demote or remove each other at the same moment. Each user is a
 * stream of its own, so no stream of a user has both events. A withdrawal is therefore first decided here, in one stream for all
 * users, where one of two simultaneous decisions loses and is made again with the other one known. Then the user's own event is
 * appended, at exactly the version that the withdrawal names.
 *
 * Who is a superuser comes from the read model, which may be behind. That does no harm: a user counts only with a revision
 * above the version of the last withdrawal. So a withdrawal counts from its decision on, whether or not the user's event is
 * written, or in the read model. One whose second step never came (the process died, or another change of the user was first)
 * stops counting as soon as the user changes in any way; until then too few superusers are counted, which is the safe side.
 *
 * A lock around both steps would be shorter, but it ends with the connection that holds it, whatever is still under way.
 * Held by "keeps one superuser, whatever happens at the same moment" in inventory.int.test.ts.
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
