import { natsUserOf } from '../identity/service-identity.ts';
import type { NatsAccess } from './service-access.ts';

/** A user of the NATS server. */
export interface NatsUser {
  /** For people who read the configuration. */
  readonly name: string;
  /** Public nkey, `U…`. */
  readonly nkey: string;
  /** Everything is for tests only: no user of the product has it. */
  readonly access: NatsAccess | 'everything';
}

const list = (subjects: readonly string[]): string =>
  `[${subjects.map((subject) => JSON.stringify(subject)).join(', ')}]`;

const permissions = ({ publish, subscribe }: NatsAccess): string => `
      permissions: {
        publish: { allow: ${list(publish)} }
        subscribe: { allow: ${list(subscribe)} }
      }`;

const userText = ({ name, nkey, access }: NatsUser): string => `
    # ${name}
    {
      nkey: ${nkey}${access === 'everything' ? '' : permissions(access)}
    }`;

/** The block `authorization` of nats-server's configuration: these users and nobody else. */
export const natsAuthorization = (users: readonly NatsUser[]): string =>
  `authorization {\n  users: [${users.map(userText).join('')}\n  ]\n}\n`;

/** The user of an identity's seed. */
export const natsUser = (name: string, seed: string, access: NatsUser['access']): NatsUser => ({
  name,
  nkey: natsUserOf(seed),
  access,
});
