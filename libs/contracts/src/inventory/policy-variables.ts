import { AppError } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { requiredText, text } from '../text.ts';
import { parseExtraVars } from './extra-vars.ts';
import type { PolicyType } from './policy.ts';

/*
 * What `extra_vars` of each type of policy may hold. All but `folders` and `command` may be left out. Below
 * `extended_<type>` other variables can be given for single clients, by their id.
 */

const COMPRESSION = /^(obfuscate,\d{1,3},)?(auto,)?(none|lz4|zstd(,([1-9]|1\d|2[0-2]))?|zlib(,\d)?|lzma(,\d)?)$/;

/** How borg writes any archive. */
const archive = {
  /** As borg's option has it: `lz4`, `zstd,3`, `auto,zlib,6`, … */
  compression: z.string().regex(COMPRESSION, 'Give borg\'s name, for example "zstd,3" or "auto,lzma,6".').optional(),
  /** KiB/s. */
  upload_ratelimit: z.int().min(1).max(2_147_483_647).optional(),
  /** Seconds between checkpoints of a long backup. */
  checkpoint_interval: z.int().min(60).max(2_592_000).optional(),
};

const patterns = z.array(requiredText(4_096)).max(1_000);

/** Which of the files. */
const choice = {
  /** Patterns as `borg help patterns` explains them. */
  exclude: patterns.optional(),
  /** Lines of a patterns file. Roots come from the policy, so `R` is not among them. */
  patterns: z
    .array(requiredText(4_096).regex(/^[+!P-] ?\S/, 'Begin with +, -, ! or P, for example "- **/cache".'))
    .max(1_000)
    .optional(),
  one_file_system: z.boolean().optional(),
  exclude_caches: z.boolean().optional(),
};

const absolutePath = requiredText(4_096).startsWith('/', 'Give absolute paths, for example "/srv/data".');
const folders = z.array(absolutePath).min(1, 'Name at least one folder.').max(1_000);

/** How to log in to a database server; the clients' own defaults where something is missing or empty. */
const access = {
  user: text(256).optional(),
  password: text(1_024).optional(),
  /** A name, an address or the folder of a socket. */
  host: text(1_024).optional(),
  port: z.int().min(1).max(65_535).optional(),
};

const databases = z.union([requiredText(256), z.array(requiredText(256)).min(1).max(1_000)]);
const command = requiredText(16_384);
const credential = z.object(access);

/** Numbers are taken too: Proxmox has them. */
const machines = z
  .array(z.union([requiredText(255), z.int().min(0)]).transform(String))
  .min(1, 'Name at least one machine.')
  .max(10_000);

const perClient = <Schema extends z.ZodType>(schema: Schema): z.ZodOptional<z.ZodRecord<z.ZodString, Schema>> =>
  z.record(z.string().regex(/^[1-9]\d*$/, "Use the clients' ids as keys."), schema).optional();

const files = { ...archive, ...choice };

export const policyVariables = {
  rootfs: z.object({ ...files, extended_rootfs: perClient(z.object(files)) }),
  config: z.object({ ...files, extended_config: perClient(z.object(files)) }),
  mail: z.object({ ...files, extended_mail: perClient(z.object(files)) }),
  folders: z.object({ ...files, folders, extended_folders: perClient(z.object({ ...files, folders }).partial()) }),
  mysql: z.object({
    ...archive,
    ...access,
    /** One, several, or all that there are. */
    databases: databases.optional(),
    extended_mysql: perClient(z.object({ credential: credential.optional(), databases: databases.optional() })),
  }),
  postgresql: z.object({
    ...archive,
    ...access,
    database: text(256).optional(),
    databases: databases.optional(),
    extended_postgresql: perClient(
      z.object({ credential: credential.optional(), database: text(256).optional(), databases: databases.optional() }),
    ),
  }),
  piped: z.object({ ...archive, command, extended_piped: perClient(z.object({ command })) }),
  vm: z.object({ ...archive, extended_vm: perClient(machines) }),
  proxmox: z.object({ ...archive, extended_proxmox: perClient(machines) }),
} satisfies Record<PolicyType, z.ZodType>;

export type PolicyVariables<Type extends PolicyType> = z.output<(typeof policyVariables)[Type]>;

/** One sentence for each thing that is wrong, beginning with the variable's name. */
const complaints = ({ issues }: z.ZodError): string =>
  issues
    .slice(0, 10)
    .map(({ path, message }) => `${path.join('.') || 'extra_vars'}: ${message}`)
    .join(' ');

/**
 * Reads the JSON text of `extra_vars`, empty text as an empty object.
 * @param schema one of `policyVariables`
 * @throws AppError `validation` that names the variables which are wrong
 */
export const parsePolicyVariables = <Schema extends z.ZodType>(schema: Schema, json: string): z.output<Schema> => {
  const variables = parseExtraVars(json);
  if (!variables) throw new AppError('validation', 'This is not a JSON object such as {"exclude": ["*.tmp"]}.');
  const result = schema.safeParse(variables);
  if (!result.success) throw new AppError('validation', complaints(result.error));
  return result.data;
};
