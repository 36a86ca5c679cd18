import type { GivenSecrets } from '@cyborgbackup/contracts';
import type { CommandDeps } from '@cyborgbackup/event-store';
import type { KeylessDeps } from '@cyborgbackup/service';

/** What one attempt of a job, or one download, works with. */
export interface WorkDeps extends KeylessDeps {
  /** What it is given of secrets; see `askOnce`. */
  readonly secrets: () => Promise<GivenSecrets>;
}

/** What handlers of the executor's commands need. */
export const commandsOf = ({ store, codec }: KeylessDeps): CommandDeps => ({ store, codec, service: 'executor' });
