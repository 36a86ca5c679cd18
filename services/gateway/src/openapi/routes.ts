import { z } from 'zod';
import { endpoint, type Endpoint } from '../http/core/endpoint.ts';
import { docsPage, docsRoutes } from './docs-page.ts';
import { openApiDocument } from './openapi-document.ts';

/** The description of these endpoints and of its own, as a document and as a page. */
export const openApiRoutes = (endpoints: readonly Endpoint[], version: string): readonly Endpoint[] => {
  const routes: readonly Endpoint[] = [
    endpoint({
      route: 'GET /api/v1/openapi.json',
      tag: 'meta',
      access: 'public',
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
