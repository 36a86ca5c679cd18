import type { BorgRunner } from '@cyborgbackup/borg';

/** Where borg runs, and how it reaches the repository from there. Closing it ends what still runs. */
export interface BorgEndpoint extends AsyncDisposable {
  readonly runner: BorgRunner;
  /** Which host `runner` is on. */
  readonly host: 'client' | 'repository' | 'executor';
  /** For borg's arguments. */
  readonly repository: string;
  readonly passphrase: string;
  /** Set where borg has to log in somewhere from there. */
  readonly knownHosts?: readonly string[];
  /** The session's agent is lent to borg. */
  readonly forwardAgent: boolean;
  /** The socket of an agent on this host, for a borg that runs here. */
  readonly agentSocket?: string;
  /** For borg alone; the caller's own variables come on top. */
  readonly env: Readonly<Record<string, string>>;
}
