import {
  AppError,
  currentContext,
  delay,
  hasCode,
  nameUuid,
  systemContext,
  type Decider,
  type DomainEvent,
  type NewEvent,
  type RecordedEvent,
} from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { domainEvent, loadState, type LoadDeps, type LoadedState } from './load-state.ts';

export interface CommandDeps extends LoadDeps {
  /** Recorded as the actor of what happens outside a request; default: `system`. */
  readonly service?: string;
}

export interface CommandOptions {
  /**
   * Names this call, so that a stream handles it once however often it is delivered: later deliveries are answered with
   * what the first one wrote. Default: a random one.
   */
  readonly commandId?: string;
  /** The version the caller has seen (If-Match; 0 for none). With it, a stream that moved on is an error, never a retry. */
  readonly expectedVersion?: number | undefined;
  /** How often to load and decide again after losing a race; default: 5. */
  readonly retries?: number;
}

export interface CommandResult<State, E extends DomainEvent> {
  /** Version of the last event this command wrote; the stream's version when it wrote none. */
  readonly version: number;
  /** Position of that event; undefined only when the stream has no events at all. */
  readonly position: bigint | undefined;
  /** What the command wrote, as readers see it: personal fields open, sealed fields sealed. */
  readonly events: readonly E[];
  /** The stream's state with those events in it. */
  readonly state: State;
}

/**
 * Makes a command of what it finds elsewhere, or does something around its execution. `execute` decides on the loaded state
 * and appends at exactly the loaded version; after a lost race the stream is loaded, and this called, again.
 */
export type PrepareCommand<State, Command, E extends DomainEvent> = (
  loaded: LoadedState<State>,
  execute: (command: Command) => Promise<CommandResult<State, E>>,
) => Promise<CommandResult<State, E>>;

export type CommandHandler<State, Command, E extends DomainEvent> = (
  stream: string,
  command: Command | PrepareCommand<State, Command, E>,
  options?: CommandOptions,
) => Promise<CommandResult<State, E>>;

/** The namespace of all event ids. Never change it: retries would no longer meet their own events. */
const EVENT_ID_NAMESPACE = 'f3c0a9b4-7d1e-5c52-9a86-2b7b0f1f6c3d';

/**
 * The id of a command's nth event (from 0) in a stream: the same for every delivery of the command, so that a redelivered
 * command meets the events it already wrote.
 */
export const eventId = (commandId: string, stream: string, index: number): string =>
  nameUuid(EVENT_ID_NAMESPACE, `${commandId}/${stream}/${index}`);

const DEFAULT_RETRIES = 5;
const FIRST_BACKOFF_MILLIS = 4;

/**
 * The way of every command:
 * 1. load the stream's events and fold them into its state;
 * 2. answer from the history when this very command has been handled before;
 * 3. decide; nothing decided, nothing appended;
 * 4. append at exactly the version that was loaded;
 * 5. on a lost race, wait a little and start again.
 * @throws whatever `decide` throws; AppError `version-conflict` with an `expectedVersion` that does not match, or when all
 * retries lost their race
 */
export const handleCommand =
  <State, Command, E extends DomainEvent>(
    deps: CommandDeps,
    decider: Decider<State, Command, E>,
  ): CommandHandler<State, Command, E> =>
  async (stream, command, { retries = DEFAULT_RETRIES, commandId = randomUUID(), expectedVersion } = {}) => {
    const prepare =
      typeof command === 'function'
        ? (command as PrepareCommand<State, Command, E>)
        : (((_loaded, execute) => execute(command)) satisfies PrepareCommand<State, Command, E>);
    for (let attempt = 0; ; attempt += 1) {
      const { earlier, ...loaded } = await loadWithEarlier(deps, decider, { stream, commandId });
      if (earlier) return { state: loaded.state, ...earlier };
      refuseUnlessExpected(loaded, expectedVersion);
      try {
        return await prepare(loaded, (prepared) =>
          execute(deps, decider, { stream, commandId, command: prepared, loaded }),
        );
      } catch (error) {
        if (attempt >= retries || !hasCode(error, 'version-conflict')) throw error;
        await delay(Math.random() * FIRST_BACKOFF_MILLIS * 2 ** attempt);
      }
    }
  };

/** With what this very command wrote when it was handled before. */
const loadWithEarlier = async <State, E extends DomainEvent>(
  deps: LoadDeps,
  decider: Pick<Decider<State, never, E>, 'initialState' | 'evolve'>,
  { stream, commandId }: { readonly stream: string; readonly commandId: string },
): Promise<LoadedState<State> & { readonly earlier?: Omit<CommandResult<State, E>, 'state'> }> => {
  const written: RecordedEvent[] = [];
  let nextId = eventId(commandId, stream, 0);
  const loaded = await loadState(deps, decider, stream, (event) => {
    if (event.id !== nextId) return;
    written.push(event);
    nextId = eventId(commandId, stream, written.length);
  });
  const last = written.at(-1);
  if (!last) return loaded;
  const { version, position } = last;
  return { ...loaded, earlier: { version, position, events: written.map((event) => domainEvent(event) as E) } };
};

/** A stream without events is left to the decider: it says better what is wrong with it than that it was changed. */
const refuseUnlessExpected = ({ version }: LoadedState<unknown>, expectedVersion: number | undefined): void => {
  if (expectedVersion === undefined || expectedVersion === version || version === 0) return;
  throw new AppError('version-conflict', 'This was changed by someone else in the meantime: read it again and retry.');
};

const execute = async <State, Command, E extends DomainEvent>(
  { store, codec, service = 'system' }: CommandDeps,
  decider: Decider<State, Command, E>,
  {
    stream,
    commandId,
    command,
    loaded,
  }: {
    readonly stream: string;
    readonly commandId: string;
    readonly command: Command;
    readonly loaded: LoadedState<State>;
  },
): Promise<CommandResult<State, E>> => {
  const decided = decider.decide(command, loaded.state);
  if (decided.length === 0) return { ...loaded, events: [] };
  const context = currentContext() ?? systemContext(service);
  const encode = (event: E, index: number): Promise<NewEvent> =>
    codec.encode(event, { id: eventId(commandId, stream, index), context });
  const encoded = await Promise.all(decided.map(encode));
  const { version, position } = await store.append(stream, encoded, loaded.version);
  // Back through the codec, so that the state handed out is the one a reader would have: no plain secrets in it.
  const written = await codec.decodePage(
    encoded.map((event, index) => ({ ...event, stream, version: loaded.version + 1 + index, position, hash: '' })),
  );
  const events = written.map((event) => domainEvent(event) as E);
  return { version, position, events, state: events.reduce(decider.evolve, loaded.state) };
};
