import { AppError, isNestedTooDeeply, TOO_DEEP } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { requiredText, text } from '../wire/scalars.ts';
import { patternLineProblems, patternProblem } from './borg-pattern.ts';
import { parseExtraVars } from './extra-vars.ts';
import type { PolicyType } from './policy.ts';

/*
 * The variables in `extra_vars` of each type of policy. All but `folders` and `command` may be left out, or be empty: clients of
 * the API send `{"user": "", "password": ""}`. `extended_<type>` holds other variables for single clients, by their id. An
 * unknown key is refused: it is a typing error that would be noticed only when a restore needs what it should have selected.
 */

const strictObject = <Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `There is no variable ${issue.keys.join(', ')} here: use ${Object.keys(shape).join(', ')}.`
        : 'Give an object with names and values.',
  });

/** The specifications are those that borg 1.2 and 1.4 both take. */
const COMPRESSION =
  /^(obfuscate,([1-6]|11\d|12[0-3]),)?(auto,)?(none|lz4|zstd(,([1-9]|1\d|2[0-2]))?|zlib(,\d)?|lzma(,\d)?)$/;

/** How borg writes an archive. */
const archive = {
  /** As borg's option has it: `lz4`, `zstd,3`, `auto,zlib,6`, … */
  compression: z.string().regex(COMPRESSION, 'Give borg\'s name, for example "zstd,3" or "auto,lzma,6".').optional(),
  /** KiB/s. */
  upload_ratelimit: z.int().min(1).max(2_147_483_647).optional(),
  /** Seconds between checkpoints of a long backup. */
  checkpoint_interval: z.int().min(1).max(2_592_000).optional(),
};

const pattern = requiredText(4_096).superRefine((text, context) => {
  const message = patternProblem(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});
const patterns = z.array(pattern, 'Give a list of patterns, for example ["*.tmp"].').max(1_000);

/** Which files an archive takes. */
const selection = {
  /** Patterns as `borg help patterns` explains them. */
  exclude: patterns.optional(),
  /** Lines of a patterns file. Roots come from the policy, so `R` is not among them. */
  patterns: z
    .array(
      requiredText(4_096).regex(/^[+!P-] ?\S/, 'Begin with +, -, ! or P, for example "- **/cache".'),
      'Give a list of patterns, for example ["- **/cache"].',
    )
    .max(1_000)
    .superRefine((lines, context) => {
      for (const [index, message] of patternLineProblems(lines))
        context.addIssue({ code: 'custom', path: [index], message });
    })
    .optional(),
  one_file_system: z.boolean().optional(),
  exclude_caches: z.boolean().optional(),
};

const absolutePath = requiredText(4_096).startsWith('/', 'Give absolute paths, for example "/srv/data".');
const folders = z
  .array(absolutePath, 'Give a list of absolute paths, for example ["/srv/data"].')
  .min(1, 'Name at least one folder.')
  .max(1_000);

/** Text for a file of options or of passwords. */
const oneLine = (max: number): z.ZodString => text(max).regex(/^[^\r\n]*$/, 'Write it on one line.');

/** Text for an argument of a program, which must not be taken for an option. */
const argument = (max: number): z.ZodString => oneLine(max).regex(/^[^-]/, 'This may not begin with a dash.');

/** How to log in to a database server; default: what the database's own client uses. */
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
const credential = strictObject(access);

/** Names, or the numbers that Proxmox has. */
const machines = z
  .array(z.union([argument(255), z.int().min(0)], 'Give names or numbers of machines.').transform(String))
  .min(1, 'Name at least one machine.')
  .max(10_000);

const perClient = <Schema extends z.ZodType>(schema: Schema): z.ZodOptional<z.ZodRecord<z.ZodString, Schema>> =>
  z.record(z.string().regex(/^[1-9]\d*$/), schema, "Use the clients' ids as keys.").optional();

const files = { ...archive, ...selection };

export const policyVariables = {
  rootfs: strictObject({ ...files, extended_rootfs: perClient(strictObject(files)) }),
  config: strictObject({ ...files, extended_config: perClient(strictObject(files)) }),
  mail: strictObject({ ...files, extended_mail: perClient(strictObject(files)) }),
  folders: strictObject({
    ...files,
    folders,
    extended_folders: perClient(strictObject({ ...files, folders }).partial()),
  }),
  mysql: strictObject({
    ...archive,
    ...access,
    /** One, several, or all that there are. */
    databases: databases.optional(),
    extended_mysql: perClient(strictObject({ credential: credential.optional(), databases: databases.optional() })),
  }),
  postgresql: strictObject({
    ...archive,
    ...access,
    database: argument(256).optional(),
    databases: databases.optional(),
    extended_postgresql: perClient(
      strictObject({
        credential: credential.optional(),
        database: argument(256).optional(),
        databases: databases.optional(),
      }),
    ),
  }),
  piped: strictObject({ ...archive, command, extended_piped: perClient(strictObject({ command })) }),
  vm: strictObject({ ...archive, extended_vm: perClient(machines) }),
  proxmox: strictObject({ ...archive, extended_proxmox: perClient(machines) }),
} satisfies Record<PolicyType, z.ZodType>;

/** Without empty texts and nulls, which mean the same as a variable that is left out. */
const withoutBlanks = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.filter((item) => item !== '' && item !== null).map(withoutBlanks);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== '' && member !== null);
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutBlanks(member)]));
};

const MAX_PROBLEMS = 10;

/** A sentence for each problem, beginning with the variable's name. */
const problemsOf = ({ issues }: z.ZodError): readonly string[] =>
  issues
    .slice(0, MAX_PROBLEMS)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));

const read = <Schema extends z.ZodType>(
  schema: Schema,
  json: string,
): { readonly value: z.output<Schema> } | { readonly problems: readonly string[] } => {
  if (isNestedTooDeeply(json)) return { problems: [TOO_DEEP] };
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
  const result = read(schema, json);
  if ('problems' in result) throw new AppError('validation', result.problems.join(' '));
  return result.value;
};

/** The problems of a policy's variables (JSON text, or empty), a sentence for each; none when the variables can be used. */
export const policyVariableProblems = (policyType: PolicyType, json: string): readonly string[] => {
  const result = read<z.ZodType>(policyVariables[policyType], json);
  return 'problems' in result ? result.problems : [];
};
