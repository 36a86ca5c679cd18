import { runService } from '@cyborgbackup/service';
import { startCatalog } from './start.ts';

await runService({
  name: 'catalog',
  purpose: 'The catalog: knows every archive and the files in it.',
  config: {},
  healthListen: '127.0.0.1:8104',
  start: startCatalog,
});
