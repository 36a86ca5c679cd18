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

/** An answer may take as long as a call waits: ten minutes for the longest. */
const ANSWERS = '{ max: 1, expires: "10m" }';

const list = (subjects: readonly string[]): string =>
  `[${subjects.map((subject) => JSON.stringify(subject)).join(', ')}]`;

const permissions = ({ publish, subscribe, answers }: NatsAccess): string => `
      permissions: {
        publish: { allow: ${list(publish)} }
        subscribe: { allow: ${list(subscribe)} }
        ${answers ? `allow_responses: ${ANSWERS}` : ''}
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
