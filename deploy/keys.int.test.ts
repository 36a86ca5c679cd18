import { findExecutable, startNatsServer } from '@cyborgbackup/embedded';
import { createLogger, SERVICE_NAMES } from '@cyborgbackup/kernel';
import {
  callersOf,
  createNatsConnection,
  createServiceTrust,
  randomServiceSecret,
  serviceIdentity,
} from '@cyborgbackup/messaging';
import { natsUrlOf } from '@cyborgbackup/service';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKeys } from './keys.ts';

const logger = createLogger('test', 'silent');
let root: string;

const environment = (): Record<string, string> =>
  Object.fromEntries(
    [...readFileSync(join(root, '.env'), 'utf8').matchAll(/^(\w+)=(.*)$/gm)].map(
      ([, name = '', value = '']): [string, string] => [name, value],
    ),
  );

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'cyborgbackup-keys-'));
  mkdirSync(join(root, 'deploy/nats'), { recursive: true });
  writeFileSync(join(root, '.env'), 'CYBORGBACKUP_POSTGRES_PASSWORD=kept');
  makeKeys(root, 'localhost');
});
afterAll(() => rmSync(root, { recursive: true }));

describe('npm run keys', () => {
  it('adds what is missing to .env, a secret for each service, and changes nothing there', () => {
    const first = environment();
    expect(first['CYBORGBACKUP_POSTGRES_PASSWORD']).toBe('kept');
    for (const name of SERVICE_NAMES) {
      const secret = first[`CYBORGBACKUP_${name.toUpperCase()}_SECRET`] ?? '';
      expect(first[`CYBORGBACKUP_${name.toUpperCase()}_DATABASE_PASSWORD`]).toMatch(/^[0-9a-f]{64}$/);
      expect(() => createServiceTrust(secret, first['CYBORGBACKUP_SERVICE_KEYS'] ?? '', callersOf)).not.toThrow();
    }
    const certificate = readFileSync(join(root, 'deploy/nats/tls/server.pem'), 'utf8');
    makeKeys(root);
    expect(environment()).toEqual(first);
    expect(readFileSync(join(root, 'deploy/nats/tls/server.pem'), 'utf8')).toBe(certificate);
    expect(statSync(join(root, 'deploy/nats/tls')).mode & 0o777).toBe(0o700);
  });

  it('puts no secret into the configuration of the NATS server', () => {
    const text = readFileSync(join(root, 'deploy/nats/users.conf'), 'utf8');
    for (const [name, value] of Object.entries(environment())) {
      if (name.endsWith('_SECRET')) {
        expect(text).not.toContain(value);
        expect(text).not.toContain(serviceIdentity(value).natsSeed);
      }
    }
    expect(text).not.toContain('">"');
  });

  it('completes the configuration in deploy/nats, which nats-server then takes', async () => {
    const folder = join(root, 'deploy/nats');
    const text = readFileSync(new URL('nats/nats.conf', import.meta.url), 'utf8');
    const moved = text.replaceAll('/etc/nats', folder).replace('"/data"', JSON.stringify(join(root, 'data')));
    writeFileSync(join(folder, 'nats.conf'), moved);
    const program = (await findExecutable('nats-server')) ?? '';
    const check = (): string => String(spawnSync(program, ['--config', join(folder, 'nats.conf'), '-t']).stderr);
    expect(check()).toMatch(/configuration file .* is valid/i);
    writeFileSync(join(folder, 'nats.conf'), moved.replace('users.conf', 'others.conf'));
    expect(check()).toMatch(/others\.conf/);
  });

  it('gives a server that speaks TLS, whose name and authority are verified, and that lets a service in by its key', async () => {
    const tls = join(root, 'deploy/nats/tls');
    const dataDir = mkdtempSync(join(tmpdir(), 'cyborgbackup-nats-'));
    // nats-server runs as a user of its own, who may not read the test's folder.
    for (const name of ['server.key', 'server.pem']) writeFileSync(join(dataDir, name), readFileSync(join(tls, name)));
    const files = `cert_file: "${dataDir}/server.pem", key_file: "${dataDir}/server.key"`;
    const users = readFileSync(join(root, 'deploy/nats/users.conf'), 'utf8');
    chmodSync(dataDir, 0o755);
    const server = await startNatsServer({
      dataDir: join(dataDir, 'nats'),
      logger,
      authorization: `tls { ${files} }\n${users}`,
    });
    const { port } = new URL(server.url);
    const config = {
      NATS_URL: `tls://localhost:${port}`,
      CYBORGBACKUP_NATS_CA: join(tls, 'ca.pem'),
      CYBORGBACKUP_SERVICE_SECRET: environment()['CYBORGBACKUP_CATALOG_SECRET'] ?? '',
    };
    try {
      const connect = (changes: Partial<typeof config>): ReturnType<typeof createNatsConnection> =>
        createNatsConnection({
          natsUrl: natsUrlOf({ ...config, ...changes }),
          name: 'catalog',
          logger,
          connectMillis: 100,
        });
      const connection = await connect({});
      expect(connection.nats.info?.tls_required).toBe(true);
      await connection.close();
      await expect(connect({ NATS_URL: `tls://127.0.0.1:${port}` })).rejects.toThrow(/does not answer.*altnames/i);
      await expect(connect({ CYBORGBACKUP_NATS_CA: '/etc/ssl/certs/ca-certificates.crt' })).rejects.toThrow(
        /certificate/i,
      );
      const stranger = { CYBORGBACKUP_SERVICE_SECRET: randomServiceSecret() };
      await expect(connect(stranger)).rejects.toThrow(/refuses our credentials/);
    } finally {
      await server.stop();
      rmSync(dataDir, { recursive: true });
    }
  });
});
