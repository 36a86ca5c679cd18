import { verifyHeads, verifyLog } from '@cyborgbackup/event-store';
import type { ServiceLog } from '@cyborgbackup/service';
import type { Found } from './found.ts';

/** The chain of hashes first, then the ends of the streams, which the chain cannot see. */
export const verify = async ({ store, pool }: Pick<ServiceLog, 'store' | 'pool'>): Promise<Found> => {
  const chain = await verifyLog(store);
  if (!chain.intact) {
    const { stream, version, reason } = chain;
    const position = String(chain.position);
    const text = `Broken at position ${position}: version ${version} of ${stream}: ${reason}.`;
    return { isGood: false, text, facts: { broken: { stream, version, position, reason } } };
  }
  const { events } = chain;
  const cutStreams = await verifyHeads(pool);
  if (cutStreams.length === 0) return { isGood: true, text: `Intact: ${events} events.`, facts: { events } };
  const text = `These streams do not end as recorded:\n${cutStreams.join('\n')}`;
  return { isGood: false, text, facts: { events, cutStreams } };
};
