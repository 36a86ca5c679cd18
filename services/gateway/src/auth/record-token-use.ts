import { apiTokenCommands } from '@cyborgbackup/contracts';
import { messageOf, type Clock, type Logger } from '@cyborgbackup/kernel';
import type { RpcClient } from '@cyborgbackup/messaging';
import type { TokenAccount } from './accounts.ts';

const HOUR_MILLIS = 60 * 60_000;
const MAX_REMEMBERED = 10_000;

interface TokenUseDeps {
  readonly rpc: RpcClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Records that a personal token was used, at most once an hour for each token. It does not delay the request. */
export const createTokenUseRecorder = ({ rpc, clock, logger }: TokenUseDeps): ((token: TokenAccount) => void) => {
  const recorded = new Map<string, number>();
  const { subject, output } = apiTokenCommands.recordUse;
  return ({ token_uuid: uuid, last_used: lastUsed }) => {
    const now = clock.now();
    const last = Math.max(recorded.get(uuid) ?? 0, lastUsed === null ? 0 : Date.parse(lastUsed));
    if (now - last < HOUR_MILLIS) return;
    if (recorded.size >= MAX_REMEMBERED) recorded.clear();
    recorded.set(uuid, now);
    rpc.call(subject, { uuid }, { schema: output }).catch((error: unknown) => {
      recorded.delete(uuid);
      logger.warn({ reason: messageOf(error) }, 'the use of an API token could not be recorded');
    });
  };
};
