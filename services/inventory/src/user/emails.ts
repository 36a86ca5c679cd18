import { fieldError } from '@cyborgbackup/kernel';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { createUniqueValues, type UniqueValues } from '../shared/unique-value.ts';
import { userDecider } from './decider.ts';

/** Email addresses that differ in case only are one address. */
export const comparableEmail = (email: string): string => email.normalize('NFC').toLowerCase();

/** No two users have one email address. Values are given as `comparableEmail`. */
export const createEmails = (deps: InventoryDeps): UniqueValues =>
  createUniqueValues(deps, userDecider, {
    kind: 'email',
    valueOf: (user) => (user && !user.isRemoved ? comparableEmail(user.fields.email) : undefined),
    taken: () => fieldError('email', 'User with this Email address already exists.'),
  });
