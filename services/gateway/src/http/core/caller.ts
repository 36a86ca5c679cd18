import type { ApiTokenScope } from '@cyborgbackup/contracts';

/** The user who sent a request, as in the read model at that moment. */
export interface Caller {
  readonly id: number;
  readonly uuid: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly isSuperuser: boolean;
  /** What the personal token of the request may do; undefined for a log-in, which may do all that its user may. */
  readonly tokenScopes?: ReadonlySet<ApiTokenScope>;
  /** The log-in session of a JWT. */
  readonly session?: string;
}

/** Whether the caller logged in, or has a token with this scope. */
export const hasScope = ({ tokenScopes }: Caller, scope: ApiTokenScope): boolean => tokenScopes?.has(scope) ?? true;
