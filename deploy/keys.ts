#!/usr/bin/env node
/**
 * `npm run keys`: makes what the services of an installation in containers know each other by, once:
 *
 *   .env                       for each service a secret and the password of its login at PostgreSQL, and the public keys of all
 *                              (lines are added, none is changed)
 *   deploy/nats/users.conf     the NATS server's users, with their public keys and permissions
 *   deploy/nats/tls/           a certificate of the NATS server, and of the authority that signed it
 *
 * Run again, it keeps the secrets in .env, writes users.conf anew (a newer version may want other permissions) and leaves the
 * certificates.
 */
import { SERVICE_NAMES, type ServiceName } from '@cyborgbackup/kernel';
import {
  formatDirectory,
  natsAuthorization,
  natsUser,
  prepareAccess,
  randomServiceSecret,
  serviceAccess,
  serviceIdentity,
} from '@cyborgbackup/messaging';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const USERS = [...SERVICE_NAMES, 'prepare'] as const;
type User = (typeof USERS)[number];

const secretName = (user: User): string => `CYBORGBACKUP_${user.toUpperCase()}_SECRET`;
const passwordName = (service: ServiceName): string => `CYBORGBACKUP_${service.toUpperCase()}_DATABASE_PASSWORD`;

/** The variables of a file `.env`: those that are there, and those that are missing. */
const completeEnvironment = (
  text: string,
): { readonly values: Readonly<Record<string, string>>; readonly added: string } => {
  const values: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/^([A-Z_]+)=(.*)$/gm)) values[name] = value;
  const added: string[] = [];
  const ensure = (name: string, make: () => string): void => {
    if (values[name] !== undefined) return;
    values[name] = make();
    added.push(`${name}=${values[name]}`);
  };
  ensure('CYBORGBACKUP_MASTER_KEY', () => randomBytes(32).toString('base64'));
  ensure('CYBORGBACKUP_POSTGRES_PASSWORD', () => randomBytes(32).toString('hex'));
  for (const service of SERVICE_NAMES) ensure(passwordName(service), () => randomBytes(32).toString('hex'));
  for (const user of USERS) ensure(secretName(user), randomServiceSecret);
  const keys = Object.fromEntries(
    SERVICE_NAMES.map((name) => [name, serviceIdentity(values[secretName(name)] ?? '').publicKey]),
  ) as Record<ServiceName, string>;
  ensure('CYBORGBACKUP_SERVICE_KEYS', () => formatDirectory(keys));
  if (values['CYBORGBACKUP_SERVICE_KEYS'] !== formatDirectory(keys)) {
    throw new Error(
      'CYBORGBACKUP_SERVICE_KEYS in .env does not belong to the secrets there: remove the line and run this again.',
    );
  }
  return { values, added: added.map((line) => `${line}\n`).join('') };
};

/** A day before the certificates of a long-lived installation would have to be thought of: ten years. */
const DAYS = '3650';

const openssl = (folder: string, ...args: readonly string[]): void => {
  execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
};

/**
 * A certificate for the server's host, signed by an authority of its own whose key is thrown away afterwards: nobody can sign another.
 * The folder is closed to other users; the files in it are not, since the container's root has no right to read what is another's.
 */
const makeCertificates = (folder: string, host: string): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    folder,
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    DAYS,
    '-subj',
    '/CN=CyBorgBackup NATS',
  );
  openssl(folder, 'req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', `/CN=${host}`);
  writeFileSync(join(folder, 'server.ext'), `subjectAltName=DNS:${host}\nextendedKeyUsage=serverAuth\n`);
  openssl(
    folder,
    ...['x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
    ...['-extfile', 'server.ext', '-days', DAYS, '-out', 'server.pem'],
  );
  for (const file of ['ca.key', 'ca.srl', 'server.csr', 'server.ext']) rmSync(join(folder, file), { force: true });
  execFileSync('chmod', ['644', 'ca.pem', 'server.pem', 'server.key'], { cwd: folder });
};

/**
 * @param root the folder with docker-compose.yml
 * @param host by which the services reach the NATS server
 */
export const makeKeys = (root: string, host = 'nats'): void => {
  const file = join(root, '.env');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const { values, added } = completeEnvironment(text);
  const users = USERS.map((user) => {
    const { natsSeed } = serviceIdentity(values[secretName(user)] ?? '');
    return natsUser(user, natsSeed, user === 'prepare' ? prepareAccess : serviceAccess(user));
  });
  const certificates = join(root, 'deploy/nats/tls');
  if (!existsSync(join(certificates, 'server.pem'))) makeCertificates(certificates, host);
  writeFileSync(join(root, 'deploy/nats/users.conf'), natsAuthorization(users));
  if (added) writeFileSync(file, `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${added}`, { mode: 0o600 });
};

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  makeKeys(process.cwd());
  process.stdout.write(
    'The keys are in .env (keep it secret), the users in deploy/nats/users.conf, TLS in deploy/nats/tls.\n',
  );
}
