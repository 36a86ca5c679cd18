import type { ChangeResult } from '@cyborgbackup/contracts';
import { handleCommand, loadState, type CommandHandler, type CommandResult } from '@cyborgbackup/event-store';
import type { Decider, DomainEvent } from '@cyborgbackup/kernel';
import { drawId } from '@cyborgbackup/service';
import { requireExisting, requireNew, changeResultOf, type Entity } from './entity.ts';
import { refuseWhenInUse, type ReferencedKind } from './in-use.ts';
import type { InventoryDeps } from './inventory-deps.ts';
import { withReferences } from './wait-for-tables.ts';
import { createAppendWithClaim, type UniqueValue } from './unique-value.ts';

/*
 * The way of a command that registers, changes or removes an entity:
 * 1. load the entity's stream (`handleCommand`); a repetition of a command that was handled before is answered from there;
 * 2. make the command: find what it refers to, draw the new entity's id;
 * 3. decide, which refuses wrong fields before anything is claimed. `execute` decides once more in 5: a decider is pure and
 *    gets the same command and state, so both times it decides the same;
 * 4. claim the entity's unique value when it becomes another one (`createAppendWithClaim`);
 * 5. append the events at exactly the loaded version; a lost race starts again at 1;
 * 6. release the unique value that the entity had before;
 * 7. answer with the entity's id, its version and the log position to wait for.
 */

export interface EntityOptions<State, Command, E extends DomainEvent> {
  /** As error messages call it. */
  readonly kind: string;
  readonly idSequence: Parameters<typeof drawId>[1];
  readonly decider: Decider<State | undefined, Command, E>;
  readonly stream: (uuid: string) => string;
  /** A value that no two of these entities may have. */
  readonly unique?: UniqueValue<State | undefined>;
  /** Set when others may refer to it: while one does, it is not removed. */
  readonly referencedAs?: ReferencedKind;
  /**
   * Runs between the claim and the append; what it throws refuses the command. There is no state yet when the command registers.
   * @returns the log position of what it wrote elsewhere, for the sender to wait for
   */
  readonly beforeAppend?: (
    loaded: { state: State | undefined; version: number },
    command: Command,
  ) => Promise<bigint | undefined>;
}

/** What the caller chose for the new entity: with them, a repeated command is recognised. */
export interface Creation {
  readonly uuid: string;
  readonly command_id: string;
}

/** The entity, and the version that the caller has seen. */
export interface Target {
  readonly uuid: string;
  readonly expected_version?: number | undefined;
}

export interface EntityCommands<State, Command, E extends DomainEvent> {
  readonly handle: CommandHandler<State | undefined, Command, E>;
  /**
   * However often the command comes, also at the same moment, the entity is made once and every answer names its id.
   * @throws AppError `conflict` when another command made an entity with this uuid
   */
  register(creation: Creation, makeCommand: (id: number) => Command | Promise<Command>): Promise<ChangeResult>;
  /** @throws AppError `not-found` */
  change(target: Target, makeCommand: (state: State) => Command | Promise<Command>): Promise<ChangeResult>;
  /** @throws AppError `not-found`; `conflict` while something refers to it */
  remove(target: Target, command: Command): Promise<ChangeResult>;
}

const latest = (one: bigint | undefined, other: bigint | undefined): bigint | undefined =>
  one === undefined || (other !== undefined && other > one) ? other : one;

export const entityCommands = <State extends Entity<unknown>, Command, E extends DomainEvent>(
  deps: InventoryDeps,
  { kind, idSequence, decider, stream: streamOf, unique, referencedAs, beforeAppend }: EntityOptions<State, Command, E>,
): EntityCommands<State, Command, E> => {
  const handle = handleCommand(deps, decider);
  const appendWithClaim = unique && createAppendWithClaim(deps, decider, unique);

  /** Steps 3 to 6. */
  const claimAndAppend = async (
    owner: string,
    {
      state,
      version,
      command,
    }: { readonly state: State | undefined; readonly version: number; readonly command: Command },
    execute: () => Promise<CommandResult<State | undefined, E>>,
  ): Promise<CommandResult<State | undefined, E>> => {
    const next = decider.decide(command, state).reduce(decider.evolve, state);
    const append = async (): Promise<CommandResult<State | undefined, E>> => {
      const elsewhere = await beforeAppend?.({ state, version }, command);
      const result = await execute();
      return { ...result, position: latest(result.position, elsewhere) };
    };
    if (!unique || !appendWithClaim) return append();
    return appendWithClaim({ owner, from: unique.valueOf(state), to: unique.valueOf(next) }, append);
  };

  const change: EntityCommands<State, Command, E>['change'] = async (
    { uuid, expected_version: expectedVersion },
    makeCommand,
  ) => {
    const stream = streamOf(uuid);
    const result = await handle(
      stream,
      async (loaded, execute) => {
        const { version } = loaded;
        const state = requireExisting(loaded.state, kind);
        const command = await makeCommand(state);
        return claimAndAppend(stream, { state, version, command }, () => execute(command));
      },
      { expectedVersion },
    );
    return changeResultOf(result, kind);
  };

  return {
    handle,

    register: async ({ uuid, command_id: commandId }, makeCommand) => {
      const stream = streamOf(uuid);
      const result = await handle(
        stream,
        async ({ state, version: loaded }, execute) => {
          requireNew(state);
          const command = await makeCommand(await drawId(deps.pool, idSequence));
          const { version, position, events } = await claimAndAppend(stream, { state, version: loaded, command }, () =>
            execute(command),
          );
          // From the log: of two deliveries at the same moment the store keeps the first one's events, with its id.
          const stored = await loadState(deps, decider, stream);
          return { version, position, events, state: stored.state };
        },
        { commandId },
      );
      return changeResultOf(result, kind);
    },

    change,

    remove: (target, command) => {
      if (referencedAs === undefined) return change(target, () => command);
      return withReferences(deps, () =>
        change(target, async ({ id }) => {
          await refuseWhenInUse(deps, { kind: referencedAs, id });
          return command;
        }),
      );
    },
  };
};
