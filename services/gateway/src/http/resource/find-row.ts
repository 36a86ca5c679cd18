import type { Reader } from '../../db/reader.ts';
import type { ResourceSource } from '../../lists/index.ts';
import type { ApiRequest } from '../core/endpoint.ts';
import { noSuch } from '../core/http-error.ts';

/** The id in the path. @throws HttpError 404 for one that no row can have */
export const idParameter = (request: ApiRequest, label: string, maximum = 2_147_483_647): number => {
  const text = request.params['id'] ?? '';
  const id = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  if (id < 1 || id > maximum) throw noSuch(label);
  return id;
};

/** The row with this id. @throws HttpError 404 */
export const findRow = async <Row extends object>(
  reader: Reader,
  { rows: { select, from }, label }: ResourceSource,
  id: number,
): Promise<Row> => {
  const row = await reader.row<Row>(`select ${select} from ${from} where t.id = $1`, [id]);
  if (!row) throw noSuch(label);
  return row;
};

/** The row that the path names. @throws HttpError 404 */
export const rowOfPath = <Row extends object>(
  reader: Reader,
  source: ResourceSource,
  request: ApiRequest,
): Promise<Row> => findRow<Row>(reader, source, idParameter(request, source.label));
