import fc from 'fast-check';
import { z } from 'zod';

/** As much of a JSON Schema as is needed to make what fits it. */
const jsonSchema = z.object({
  type: z.string().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});

/** Stands for the id of the newest thing of a collection; `resolveIds` puts it there. */
export const newest = (collection: string): string => `@${collection}`;

const NAMELESS = fc.oneof(fc.string({ minLength: 1, maxLength: 20 }), fc.uuid());

const one = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/*
 * What a schema does not say of a field's texts. Hosts and paths lead nowhere: what is made here may be run by the product.
 */
const MEANINGS = new Map<string, fc.Arbitrary<unknown>>([
  ['crontab', one('0 5 * * MON *', '*/5 * * * *', '0 0 30 2 *', '30 2 29 2 * 2096', '0/15 8-18 * JAN-MAR 1-5')],
  ['timezone', one('UTC', 'Europe/Paris', 'Pacific/Apia', 'America/Sao_Paulo')],
  ['email', fc.uuid().map((name) => `${name}@example.com`)],
  ['scope', one('read', 'write', 'read write', 'secrets data')],
  ['password', one('a long password', 'another good passphrase 2')],
  ['hostname', fc.uuid().map((name) => `${name}.invalid`)],
  ['path', one('borg@backup.invalid:/srv/repository', 'ssh://borg@backup.invalid:2222/./x', '/dev/null/repository')],
  [
    'extra_vars',
    one(
      '',
      '{"folders":["/dev/null/x"]}',
      '{"command":"true"}',
      '{"user":"u","password":"x"}',
      '{"exclude":["*.tmp"]}',
    ),
  ],
  ['dest_folder', fc.constant('/dev/null/restored')],
  ['blackouts', fc.array(one('MON-FRI 08:00-18:00', '22:00-02:00'), { maxLength: 2 })],
  ['drill_schedule', fc.constant(newest('schedules'))],
  ['check_schedule', fc.constant(newest('schedules'))],
  ['integrity_schedule', one(null)],
  ['remote_path', one('borg', '/usr/bin/borg')],
  ['vmprovider', one('', 'libvirt', 'proxmox')],
  ['repository', fc.constant(newest('repositories'))],
  ['schedule', fc.constant(newest('schedules'))],
  ['clients', fc.array(fc.constant(newest('clients')), { maxLength: 2 })],
  ['expires_at', one(null, '2099-01-01T00:00:00Z', '2020-01-01T00:00:00+02:00')],
  // RSA keys of many bits take seconds to make, which is right, but not what is tested here.
  ['size', one(null, 0, 2048, 1)],
]);

/** A value that fits the schema, as far as it can be told. */
export const fitting = (schema: unknown, name = ''): fc.Arbitrary<unknown> => {
  const meaning = MEANINGS.get(name);
  if (meaning) return meaning;
  const known = jsonSchema.safeParse(schema).data ?? {};
  if (known.const !== undefined) return fc.constant(known.const);
  if (known.enum && known.enum.length > 0) return one(...known.enum);
  if (known.anyOf && known.anyOf.length > 0) return fc.oneof(...known.anyOf.map((inner) => fitting(inner)));
  return ofType(known);
};

const ofType = ({
  type,
  minimum = 0,
  maximum = 1_000,
  ...schema
}: z.output<typeof jsonSchema>): fc.Arbitrary<unknown> => {
  if (type === 'integer' || type === 'number') return fc.integer({ min: minimum, max: Math.min(maximum, 2 ** 31 - 1) });
  if (type === 'boolean') return fc.boolean();
  if (type === 'null') return fc.constant(null);
  if (type === 'array') return fc.array(fitting(schema.items), { maxLength: 3 });
  if (type === 'object') return fittingObject(schema);
  return NAMELESS;
};

/** All that is required, and some of the rest. */
const fittingObject = ({
  properties = {},
  required = [],
}: Pick<z.output<typeof jsonSchema>, 'properties' | 'required'>): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .tuple(
      ...Object.entries(properties).map(([name, schema]) =>
        fc.tuple(fc.constant(name), fitting(schema, name), fc.boolean()),
      ),
    )
    .map((entries) =>
      Object.fromEntries(
        entries.flatMap(([name, value, isThere]) => (isThere || required.includes(name) ? [[name, value]] : [])),
      ),
    );

/** @param ids the newest id by collection */
export const resolveIds = (text: string, ids: ReadonlyMap<string, number>): string =>
  text.replace(/"?@(users|clients|schedules|repositories|policies|jobs|tokens)"?/g, (_all, collection: string) =>
    String(ids.get(collection) ?? 1),
  );
