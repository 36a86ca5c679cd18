import { z } from 'zod';
import { endpoint, type Endpoint } from '../http/core/endpoint.ts';
import { API_ROOT } from '../http/core/representation.ts';
import { docsPage, docsRoutes } from './docs-page.ts';
import { openApiDocument } from './openapi-document.ts';

/** The description of these endpoints and of its own, as a document and as a page. */
export const openApiRoutes = (endpoints: readonly Endpoint[], version: string): readonly Endpoint[] => {
  const routes: readonly Endpoint[] = [
    endpoint({
      method: 'GET',
      access: 'public',
      tag: 'meta',
      path: `${API_ROOT}/openapi.json`,
      summary: 'Retrieve the OpenAPI document of the API',
      answers: z.record(z.string(), z.unknown()),
      handle: async () => ({ body: document }),
    }),
    ...docsRoutes(() => page),
  ];
  const document = openApiDocument([...endpoints, ...routes], version);
  const page = docsPage(document);
  return routes;
};
