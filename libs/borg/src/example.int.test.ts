import { expect, test } from 'vitest';
import { createCommand, explainFailure, initCommand, localRunner, parseCreateResult, runBorg } from './index.ts';
import { createTestDir } from './testing/test-host.ts';

/** Quoted in README.md. */
const backUp = async (repository: string, passphrase: string): Promise<string> => {
  const borg = { passphrase, env: { BORG_BASE_DIR: `${repository}.base` } };
  const runner = localRunner(); // or: sshRunner(await connectSsh({ host, port, user, privateKey, hostKeys, logger }))
  await runBorg(runner, {
    ...borg,
    argv: initCommand({ repository, encryption: 'repokey-blake2', makeParentDirs: true }),
  });
  const result = await runBorg(runner, {
    ...borg,
    argv: createCommand({ repository, archive: 'first', source: { paths: ['/etc/hostname'] } }),
  });
  if (result.outcome === 'error') throw new Error(explainFailure(result).message);
  return parseCreateResult(result.stdout).archive.name;
};

test('the example of the README makes an archive, and explains a wrong passphrase', async () => {
  await using dir = await createTestDir();
  expect(await backUp(`${dir.path}/repository`, 'secret')).toBe('first');
  await expect(backUp(`${dir.path}/repository`, 'wrong')).rejects.toThrow("The repository's passphrase is wrong.");
});
