/** The user who sent a request, as in the read model at that moment. */
export interface Caller {
  readonly id: number;
  readonly uuid: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly isSuperuser: boolean;
  /** False for a personal token with the scope `read`. */
  readonly mayWrite: boolean;
  /** The log-in session of a JWT. */
  readonly session?: string;
}
