import { z } from 'zod';
import { endpoint, type Endpoint } from '../http/core/endpoint.ts';
import { API_ROOT } from '../http/core/representation.ts';
import { docsContentSecurityPolicy, docsPage } from './docs-page.ts';
import { openApiDocument } from './openapi-document.ts';

const common = { method: 'GET', access: 'public', tag: 'meta' } as const;

/** The description of these endpoints, and of the two that show it. */
export const openApiRoutes = (endpoints: readonly Endpoint[], version: string): readonly Endpoint[] => {
  const routes: readonly Endpoint[] = [
    endpoint({
      ...common,
      path: `${API_ROOT}/openapi.json`,
      summary: 'Retrieve the OpenAPI document of the API',
      answers: z.record(z.string(), z.unknown()),
      handle: async () => ({ body: document }),
    }),
    endpoint({
      ...common,
      path: `${API_ROOT}/docs`,
      summary: 'Read about the API in a browser',
      answers: z.string(),
      media: ['text/html'],
      handle: async () => ({
        body: page,
        type: 'text/html; charset=utf-8',
        headers: { 'Content-Security-Policy': docsContentSecurityPolicy },
      }),
    }),
  ];
  const document = openApiDocument([...endpoints, ...routes], version);
  const page = docsPage(document);
  return routes;
};
