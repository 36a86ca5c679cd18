import type { ApiRequest } from './endpoint.ts';
import { noSuch } from './http-error.ts';

/** An id as the database has them, or a 404. */
export const idParameter = (request: ApiRequest, label: string): number => {
  const text = request.params['id'] ?? '';
  const id = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (id < 1 || id > 2_147_483_647) throw noSuch(label);
  return id;
};
