import { eventStoreContract } from '../contract/event-store-contract.ts';
import { openTestStore } from '../contract/test-store.ts';

eventStoreContract('PostgreSQL', openTestStore);
