import {
  AppError,
  currentContext,
  delay,
  hasCode,
  systemContext,
  type Decider,
  type DomainEvent,
  type NewEvent,
  type RecordedEvent,
} from '@cyborgbackup/kernel';
import { randomUUID } from 'node:crypto';
import { eventId } from './event-id.ts';
import { domainEvent, loadState, type LoadDeps, type LoadedState } from './load-state.ts';

export interface CommandDeps extends LoadDeps {
  /** Recorded as the actor of what happens outside a request; `system` unless told. */
  readonly service?: string;
}

export interface CommandOptions {
  /**
   * Names this call, so that a stream handles it once however often it is delivered: later deliveries are answered with
   * what the first one wrote. A random one unless told.
   */
  readonly commandId?: string;
  /** The version the caller has seen (If-Match; 0 for none). With it, a stream that moved on is an error, never a retry. */
  readonly expectedVersion?: number;
  /** How often to load and decide again after losing a race; 5 unless told. */
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

export type CommandHandler<State, Command, E extends DomainEvent> = (
  stream: string,
  command: Command,
  options?: CommandOptions,
) => Promise<CommandResult<State, E>>;

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
  async (stream, command, options = {}) => {
    const { expectedVersion, retries = DEFAULT_RETRIES, commandId = randomUUID() } = options;
    const lastAttempt = expectedVersion === undefined ? retries : 0;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await attemptCommand(deps, decider, { stream, command, commandId, expectedVersion });
      } catch (error) {
        if (attempt >= lastAttempt || !hasCode(error, 'version-conflict')) throw error;
        await delay(Math.random() * FIRST_BACKOFF_MILLIS * 2 ** attempt);
      }
    }
  };

interface Attempt<Command> {
  readonly stream: string;
  readonly command: Command;
  readonly commandId: string;
  readonly expectedVersion: number | undefined;
}

const attemptCommand = async <State, Command, E extends DomainEvent>(
  deps: CommandDeps,
  decider: Decider<State, Command, E>,
  { stream, command, commandId, expectedVersion }: Attempt<Command>,
): Promise<CommandResult<State, E>> => {
  const earlier: RecordedEvent[] = [];
  let nextId = eventId(commandId, stream, 0);
  const loaded = await loadState(deps, decider, stream, (event) => {
    if (event.id !== nextId) return;
    earlier.push(event);
    nextId = eventId(commandId, stream, earlier.length);
  });
  const last = earlier.at(-1);
  if (last) return { ...versionOf(last), events: earlier.map((event) => domainEvent<E>(event)), state: loaded.state };
  if (expectedVersion !== undefined && expectedVersion !== loaded.version) {
    throw new AppError(
      'version-conflict',
      'This was changed by someone else in the meantime: read it again and retry.',
    );
  }
  const decided = decider.decide(command, loaded.state);
  if (decided.length === 0) return { ...loaded, events: [] };
  return appendDecided(deps, decider, { stream, commandId, decided, loaded });
};

const versionOf = ({ version, position }: RecordedEvent): Pick<RecordedEvent, 'version' | 'position'> => ({
  version,
  position,
});

interface Decided<State, E extends DomainEvent> {
  readonly stream: string;
  readonly commandId: string;
  readonly decided: readonly E[];
  readonly loaded: LoadedState<State>;
}

const appendDecided = async <State, E extends DomainEvent>(
  { store, codec, service = 'system' }: CommandDeps,
  decider: Pick<Decider<State, never, E>, 'evolve'>,
  { stream, commandId, decided, loaded }: Decided<State, E>,
): Promise<CommandResult<State, E>> => {
  const context = currentContext() ?? systemContext(service);
  const encode = (event: E, index: number): Promise<NewEvent> =>
    codec.encode(event, { id: eventId(commandId, stream, index), context });
  const encoded = await Promise.all(decided.map(encode));
  const { version, position } = await store.append(stream, encoded, loaded.version);
  // Back through the codec, so that the state handed out is the one a reader would have: no plain secrets in it.
  const written = await codec.decodePage(
    encoded.map((event, index) => ({ ...event, stream, version: loaded.version + 1 + index, position, hash: '' })),
  );
  const events = written.map((event) => domainEvent<E>(event));
  return { version, position, events, state: events.reduce(decider.evolve, loaded.state) };
};
