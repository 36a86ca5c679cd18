import { AppError } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { requiredText, text } from '../wire/scalars.ts';
import { parseExtraVars } from './extra-vars.ts';
import type { PolicyType } from './policy.ts';

/*
 * What `extra_vars` of each type of policy may hold. All but `folders` and `command` may be left out, or be empty: the
 * original's user interface sends `{"user": "", "password": ""}`. Below `extended_<type>` other variables can be given for
 * single clients, by their id. A key that is not known is refused: it is a typing error, and what it should have done
 * would be missed only when it is too late.
 */

const only = <Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `There is no variable ${issue.keys.join(', ')} here: use ${Object.keys(shape).join(', ')}.`
        : 'Give an object with names and values.',
  });

/** The specifications are those that borg 1.2 and 1.4 both take. */
const COMPRESSION =
  /^(obfuscate,([1-6]|11\d|12[0-3]),)?(auto,)?(none|lz4|zstd(,([1-9]|1\d|2[0-2]))?|zlib(,\d)?|lzma(,\d)?)$/;

/** How borg writes any archive. */
const archive = {
  /** As borg's option has it: `lz4`, `zstd,3`, `auto,zlib,6`, … */
  compression: z.string().regex(COMPRESSION, 'Give borg\'s name, for example "zstd,3" or "auto,lzma,6".').optional(),
  /** KiB/s. */
  upload_ratelimit: z.int().min(1).max(2_147_483_647).optional(),
  /** Seconds between checkpoints of a long backup. */
  checkpoint_interval: z.int().min(1).max(2_592_000).optional(),
};

const patterns = z.array(requiredText(4_096), 'Give a list of patterns, for example ["*.tmp"].').max(1_000);

/** Which of the files. */
const choice = {
  /** Patterns as `borg help patterns` explains them. */
  exclude: patterns.optional(),
  /** Lines of a patterns file. Roots come from the policy, so `R` is not among them. */
  patterns: z
    .array(
      requiredText(4_096).regex(/^[+!P-] ?\S/, 'Begin with +, -, ! or P, for example "- **/cache".'),
      'Give a list of patterns, for example ["- **/cache"].',
    )
    .max(1_000)
    .optional(),
  one_file_system: z.boolean().optional(),
  exclude_caches: z.boolean().optional(),
};

const absolutePath = requiredText(4_096).startsWith('/', 'Give absolute paths, for example "/srv/data".');
const folders = z
  .array(absolutePath, 'Give a list of absolute paths, for example ["/srv/data"].')
  .min(1, 'Name at least one folder.')
  .max(1_000);

/** It goes into a file of options, or a password file. */
const oneLine = (max: number): z.ZodString => text(max).regex(/^[^\r\n]*$/, 'Write it on one line.');

/** It becomes an argument of a program, which must not take it for an option. */
const argument = (max: number): z.ZodString => oneLine(max).regex(/^[^-]/, 'This may not begin with a dash.');

/** How to log in to a database server; the clients' own defaults where something is missing or empty. */
const access = {
  user: oneLine(256).optional(),
  password: oneLine(1_024).optional(),
  /** A name, an address or the folder of a socket. */
  host: argument(1_024).optional(),
  port: z.int().min(1).max(65_535).optional(),
};

/** An empty list could mean all databases or none, so it is refused. */
const databases = z
  .union([argument(256), z.array(argument(256)).max(1_000)], 'Give a name or a list of names.')
  .refine((names) => names.length > 0, 'Name at least one database, or leave it out to back up all of them.');
const command = z
  .string('Give the command whose output is backed up, for example "pg_dumpall".')
  .max(16_384)
  .regex(/^[^\0]*\S[^\0]*$/, 'This field may not be blank.');
const credential = only(access);

/** Numbers are taken too: Proxmox has them. */
const machines = z
  .array(z.union([argument(255), z.int().min(0)], 'Give names or numbers of machines.').transform(String))
  .min(1, 'Name at least one machine.')
  .max(10_000);

const perClient = <Schema extends z.ZodType>(schema: Schema): z.ZodOptional<z.ZodRecord<z.ZodString, Schema>> =>
  z.record(z.string().regex(/^[1-9]\d*$/), schema, "Use the clients' ids as keys.").optional();

const files = { ...archive, ...choice };

export const policyVariables = {
  rootfs: only({ ...files, extended_rootfs: perClient(only(files)) }),
  config: only({ ...files, extended_config: perClient(only(files)) }),
  mail: only({ ...files, extended_mail: perClient(only(files)) }),
  folders: only({ ...files, folders, extended_folders: perClient(only({ ...files, folders }).partial()) }),
  mysql: only({
    ...archive,
    ...access,
    /** One, several, or all that there are. */
    databases: databases.optional(),
    extended_mysql: perClient(only({ credential: credential.optional(), databases: databases.optional() })),
  }),
  postgresql: only({
    ...archive,
    ...access,
    database: argument(256).optional(),
    databases: databases.optional(),
    extended_postgresql: perClient(
      only({ credential: credential.optional(), database: argument(256).optional(), databases: databases.optional() }),
    ),
  }),
  piped: only({ ...archive, command, extended_piped: perClient(only({ command })) }),
  vm: only({ ...archive, extended_vm: perClient(machines) }),
  proxmox: only({ ...archive, extended_proxmox: perClient(machines) }),
} satisfies Record<PolicyType, z.ZodType>;

export type PolicyVariables<Type extends PolicyType> = z.output<(typeof policyVariables)[Type]>;

/** Empty texts and nulls are as good as nothing. */
const withoutBlanks = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.filter((item) => item !== '' && item !== null).map(withoutBlanks);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== '' && member !== null);
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutBlanks(member)]));
};

const MAX_PROBLEMS = 10;

/** One sentence for each thing that is wrong, beginning with the variable's name. */
const problemsOf = ({ issues }: z.ZodError): readonly string[] =>
  issues
    .slice(0, MAX_PROBLEMS)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));

type Read<Value> =
  | { readonly value: Value; readonly problems?: never }
  | { readonly problems: readonly string[]; readonly value?: never };

const read = <Schema extends z.ZodType>(schema: Schema, json: string): Read<z.output<Schema>> => {
  const variables = parseExtraVars(json);
  if (!variables) return { problems: ['This is not a JSON object such as {"exclude": ["*.tmp"]}.'] };
  const result = schema.safeParse(withoutBlanks(variables));
  return result.success ? { value: result.data } : { problems: problemsOf(result.error) };
};

/**
 * Reads the JSON text of `extra_vars`, empty text as an empty object.
 * @param schema one of `policyVariables`
 * @throws AppError `validation` that names the variables which are wrong
 */
export const parsePolicyVariables = <Schema extends z.ZodType>(schema: Schema, json: string): z.output<Schema> => {
  const { value, problems } = read(schema, json);
  if (problems) throw new AppError('validation', problems.join(' '));
  return value;
};

/** What is wrong with a policy's variables (JSON text, or empty), each as one sentence; none when they can be used. */
export const policyVariableProblems = (policyType: PolicyType, json: string): readonly string[] => {
  return read<z.ZodType>(policyVariables[policyType], json).problems ?? [];
};
