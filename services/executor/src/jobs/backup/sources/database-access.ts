/** How to log in to a database server, as `extra_vars` has it; what is empty or missing is up to the client. */
export interface DatabaseAccess {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** Names of databases: one as text, or several; undefined for all databases. */
export type Databases = string | readonly string[] | undefined;

/** The names; none for all. */
export const namesOf = (databases: Databases): readonly string[] =>
  typeof databases === 'string' ? [databases] : (databases ?? []);

export const hasText = (value: string | undefined): value is string => value !== undefined && value !== '';

/** A client's own variables replace the policy's access, with what their `credential` says. */
export const accessOf = (
  policy: DatabaseAccess,
  own: { readonly credential?: DatabaseAccess | undefined } | undefined,
): DatabaseAccess => (own ? (own.credential ?? {}) : policy);
