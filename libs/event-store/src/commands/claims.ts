import { AppError, hasCode, isoMicros, systemClock, type Clock, type Decider } from '@cyborgbackup/kernel';
import { createHmac } from 'node:crypto';
import type { ClaimEvent } from '../codec/claim-events.ts';
import type { EventStore } from '../port/event-store.ts';
import { handleCommand, type CommandDeps } from './handle-command.ts';
import { loadState } from './load-state.ts';

/*
 * Uniqueness across streams (an email address, a name): each value has a stream of its own, and the first to append
 * `claim-taken` to it owns the value. It holds on every event store, under any concurrency.
 *
 * Register:  claim the value, then append the owner's first event. When the second fails, release.
 * Rename:    claim the new value, append the change, release the old value.
 * Crash between the two: the claim is orphaned, its owner's stream never gets an event. After 30 seconds another owner may
 * take it over. So an owner has to write its first event within 30 seconds after its claim, which every deadline in the
 * system is far below.
 */

/** As long as a claim may be on the way to its owner's event. */
export const ORPHANED_AFTER_MILLIS = 30_000;

export interface ClaimDeps extends CommandDeps {
  /** `deriveKey(masterKey, 'claims')`: without it the log does not tell which values are taken. */
  readonly claimKey: Buffer;
  readonly clock?: Clock;
}

export interface Claim {
  /** What sort of value, for example `email`: lower case, digits, dashes. */
  readonly kind: string;
  /** As compared: fold the case first where it does not matter. */
  readonly value: string;
  /** The stream of the thing that has the value, for example `user-<uuid>`. */
  readonly owner: string;
}

/** Who has a value: the last owner's stream since when (ISO 8601), or undefined when it is free. */
export interface ClaimState {
  readonly owner: string | undefined;
  readonly takenAt: string;
}

type ClaimCommand =
  | { readonly type: 'take'; readonly owner: string; readonly at: string; readonly instead?: ClaimState }
  | { readonly type: 'release'; readonly owner: string };

export const claimStream = (claimKey: Buffer, { kind, value }: Pick<Claim, 'kind' | 'value'>): string =>
  `claim-${kind}-${createHmac('sha256', claimKey).update(`${kind}\0${value}`).digest('hex')}`;

/**
 * Takes the value for its owner; taking it again is fine.
 * @returns when the owner took it first, ISO 8601
 * @throws AppError `conflict` when it belongs to another owner
 */
export const claim = async (deps: ClaimDeps, request: Claim): Promise<string> => {
  const { now } = deps.clock ?? systemClock;
  const stream = claimStream(deps.claimKey, request);
  const take = async (instead?: ClaimState): Promise<string> => {
    const command = {
      type: 'take',
      owner: request.owner,
      at: isoMicros(now()),
      ...(instead ? { instead } : {}),
    } as const;
    const { state } = await handleCommand(deps, claimDecider)(stream, command);
    return state.takenAt;
  };
  try {
    return await take();
  } catch (error) {
    if (!hasCode(error, 'conflict')) throw error;
    const state = await readClaim(deps, request);
    if (!(await isOrphaned(deps.store, state, now()))) throw error;
    return take(state);
  }
};

/** Who has the value now. */
export const readClaim = async (deps: ClaimDeps, value: Pick<Claim, 'kind' | 'value'>): Promise<ClaimState> =>
  (await loadState(deps, claimDecider, claimStream(deps.claimKey, value))).state;

/** Gives the value up. Nothing happens when the owner does not have it. */
export const release = async (deps: ClaimDeps, held: Claim): Promise<void> => {
  await handleCommand(deps, claimDecider)(claimStream(deps.claimKey, held), { type: 'release', owner: held.owner });
};

const claimDecider: Decider<ClaimState, ClaimCommand, ClaimEvent> = {
  initialState: { owner: undefined, takenAt: '' },

  decide: (command, state) => {
    const { owner } = command;
    if (command.type === 'release') return state.owner === owner ? [{ type: 'claim-released', data: { owner } }] : [];
    if (state.owner === owner) return [];
    const { instead } = command;
    // What was found orphaned must still be the very same claim.
    const isFree = state.owner === undefined || (instead?.owner === state.owner && instead.takenAt === state.takenAt);
    if (!isFree) throw new AppError('conflict', 'This is already in use: choose another one.');
    return [{ type: 'claim-taken', data: { owner, taken_at: command.at } }];
  },

  evolve: (state, event) =>
    event.type === 'claim-taken'
      ? { owner: event.data.owner, takenAt: event.data.taken_at }
      : { ...state, owner: undefined },
};

const isOrphaned = async (store: EventStore, { owner, takenAt }: ClaimState, now: number): Promise<boolean> => {
  if (owner === undefined || now - Date.parse(takenAt) < ORPHANED_AFTER_MILLIS) return false;
  const first = await store.readStream(owner)[Symbol.asyncIterator]().next();
  return first.done === true;
};
