import { z } from 'zod';

/** One documented environment variable. `describe()` of the schema is what README and `--help` show. */
export type ConfigShape = z.ZodRawShape;

/** Raised at start when the environment is wrong: names every bad variable at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads and validates a process's environment in one go. An empty variable counts as unset.
 * @throws ConfigError naming every variable that is wrong and why
 */
export const loadConfig = <Shape extends ConfigShape>(
  shape: Shape,
  env: Readonly<Record<string, string | undefined>> = process.env,
): z.output<z.ZodObject<Shape>> => {
  const known = Object.fromEntries(Object.keys(shape).map((name) => [name, env[name] === '' ? undefined : env[name]]));
  const result = z.object(shape).safeParse(known);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`The environment is not usable:\n${lines.join('\n')}`);
};

/** The variables as a table for `--help`. */
export const describeConfig = (shape: ConfigShape): string =>
  Object.entries(shape)
    .map(([name, schema]) => `  ${name.padEnd(34)} ${(schema as z.ZodType).description ?? ''}`)
    .join('\n');
