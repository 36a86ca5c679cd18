import type { GivenSecrets } from '@cyborgbackup/contracts';
import { expect, it, vi } from 'vitest';
import { askOnce, clientLogin, policySecret, repositorySecrets } from './secrets.ts';

const login = { user: 'backup', private_key: 'PEM' };
const given: GivenSecrets = { repository: null, login, extra_vars: null, prehook: 'x', posthook: '' };

it('asks once for all that one attempt needs, and again when that failed', async () => {
  const ask = vi.fn<() => Promise<GivenSecrets>>().mockRejectedValueOnce(new Error('away')).mockResolvedValue(given);
  const deps = { secrets: askOnce(ask) };
  await expect(clientLogin(deps)).rejects.toThrow('away');
  expect(await Promise.all([clientLogin(deps), policySecret(deps, 'prehook'), policySecret(deps, 'posthook')])).toEqual(
    [{ user: 'backup', privateKey: 'PEM' }, 'x', ''],
  );
  expect(ask).toHaveBeenCalledTimes(2);
});

it('takes nothing for a secret that was not given', async () => {
  const deps = { secrets: askOnce(() => Promise.resolve(given)) };
  await expect(policySecret(deps, 'extra_vars')).rejects.toMatchObject({ code: 'internal' });
  await expect(repositorySecrets(deps, 'uuid')).rejects.toThrow('not given its repository');
});
