/** What a tool has to say. */
export interface Found {
  /** False ends the process with 1. */
  readonly isGood: boolean;
  /** For people. */
  readonly text: string;
  /** The same for programs. */
  readonly facts: Readonly<Record<string, unknown>>;
}
