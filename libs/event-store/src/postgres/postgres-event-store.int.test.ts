import { eventStoreContract } from '../testing/event-store-contract.ts';
import { openTestStore } from '../testing/test-store.ts';

eventStoreContract('PostgreSQL', openTestStore);
