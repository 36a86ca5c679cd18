import {
  archiveContentRead,
  archiveReadsStream,
  contentSecretsRead,
  GIVEN_SECRETS,
  jobSecretsRead,
  NO_RUN_SECRETS,
  restoreRequest,
  SECRET_READS_STREAM,
  type GivenSecret,
  type GivenSecrets,
  type PolicySecret,
  type RpcHandlers,
  type secretCommands,
} from '@cyborgbackup/contracts';
import type { InventoryDeps } from '../shared/inventory-deps.ts';
import { recordFact } from '../shared/record-fact.ts';
import { findDueContent, findDueJob } from './find-due.ts';
import { secretsNeededBy } from './job-needs.ts';
import { openLogin, openRepository, openSecret } from './open-secrets.ts';
import { createRunFacts, type RunFacts } from './run-facts.ts';

const openAll = async (
  deps: InventoryDeps,
  needed: readonly GivenSecret[],
  sealed: Omit<RunFacts, 'pull'>,
): Promise<GivenSecrets> => {
  const openOf = async (name: PolicySecret): Promise<string | null> => {
    const secret = needed.includes(name) ? sealed[name] : null;
    return secret === null ? null : openSecret(deps, secret, `The ${name} of this policy`);
  };
  const { repository: uuid } = sealed;
  const [repository, login, extra_vars, prehook, posthook] = await Promise.all([
    uuid !== null && needed.includes('repository') ? openRepository(deps, uuid) : null,
    needed.includes('login') ? openLogin(deps) : null,
    openOf('extra_vars'),
    openOf('prehook'),
    openOf('posthook'),
  ]);
  return { repository, login, extra_vars, prehook, posthook };
};

/** What is recorded of secrets: which, and never what they are. */
const summaryOf = (secrets: GivenSecrets) => ({
  repository: secrets.repository?.uuid ?? null,
  given: GIVEN_SECRETS.filter((name) => secrets[name] !== null),
});

const isIntoDatabase = (restore: string | null): boolean =>
  restore !== null && restoreRequest.parse(JSON.parse(restore)).database;

/** The steps of both readings: find out whether it is due, open what it needs, record that, and only then answer. */
export const createSecretCommands = (deps: InventoryDeps): RpcHandlers<typeof secretCommands> => {
  const factsOf = createRunFacts(deps.store);
  return {
    readForJob: async (attempt) => {
      const { run, restore, ...job } = await findDueJob(deps, attempt);
      const { pull, ...sealed } = await factsOf(run);
      const needed = secretsNeededBy({ ...job, pull, intoDatabase: isIntoDatabase(restore) });
      const secrets = await openAll(deps, needed, sealed);
      const data = { ...attempt, ...summaryOf(secrets) };
      await recordFact(deps, SECRET_READS_STREAM, { type: jobSecretsRead.type, data });
      return secrets;
    },

    recordContentRead: async (data) => {
      const fact = { type: archiveContentRead.type, data };
      const { version } = await recordFact(deps, archiveReadsStream(data.job), fact);
      return { read: version };
    },

    readForContent: async (content) => {
      const repository = await findDueContent(deps, content);
      const secrets = await openAll(deps, ['repository', 'login'], { ...NO_RUN_SECRETS, repository });
      const data = { ...content, ...summaryOf(secrets) };
      await recordFact(deps, SECRET_READS_STREAM, { type: contentSecretsRead.type, data });
      return secrets;
    },
  };
};
