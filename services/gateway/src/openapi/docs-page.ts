import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { z } from 'zod';
import { endpoint, type Endpoint } from '../http/core/endpoint.ts';
import { API_ROOT } from '../http/core/representation.ts';
import { openApiDocument } from './openapi-document.ts';
import type { OpenApiDocument } from './openapi-types.ts';

/** Swagger UI, from its npm package. See docs/decisions/0019-swagger-ui-shows-the-api.md. */
const viewerFile = (name: string): Promise<Buffer> =>
  readFile(createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`));

const START = `
document.documentElement.classList.toggle('dark-mode', matchMedia('(prefers-color-scheme: dark)').matches);
SwaggerUIBundle({
  spec: JSON.parse(document.querySelector('#document').textContent),
  dom_id: '#viewer',
  deepLinking: true,
  docExpansion: 'none',
  filter: true,
  validatorUrl: null,
});
`;

const path = `${API_ROOT}/docs` as const;

const ASSETS = [
  { name: 'viewer.css', type: 'text/css; charset=utf-8', read: () => viewerFile('swagger-ui.css') },
  { name: 'viewer.js', type: 'text/javascript; charset=utf-8', read: () => viewerFile('swagger-ui-bundle.js') },
  { name: 'start.js', type: 'text/javascript; charset=utf-8', read: async () => START },
];

/** The page loads and calls this server only; the viewer's icons are data URLs. */
export const DOCS_CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** JSON in which no text can end the element that it stands in. */
const embedded = (document: OpenApiDocument): string => JSON.stringify(document).replaceAll('<', String.raw`\u003c`);

export const docsPage = (document: OpenApiDocument): string => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CyBorgBackup API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${path}/viewer.css">
</head>
<body>
<noscript>This page needs JavaScript; <a href="${API_ROOT}/openapi.json">the OpenAPI document</a> does not.</noscript>
<main id="viewer"></main>
<script id="document" type="application/json">${embedded(document)}</script>
<script src="${path}/viewer.js"></script>
<script src="${path}/start.js"></script>
</body>
</html>
`;

const common = { access: 'public', tag: 'meta', answers: z.string() } as const;

/** The page about the API, and the files that it loads. @param page called for each request */
const docsRoutes = (page: () => string): readonly Endpoint[] => [
  endpoint({
    ...common,
    route: `GET ${path}`,
    summary: 'Read about the API in a browser',
    media: ['text/html'],
    handle: async () => ({
      body: page(),
      type: 'text/html; charset=utf-8',
      headers: { 'Content-Security-Policy': DOCS_CONTENT_SECURITY_POLICY },
    }),
  }),
  ...ASSETS.map(({ name, type, read }) =>
    endpoint({
      ...common,
      route: `GET ${path}/${name}`,
      summary: `Load ${name} of the page about the API`,
      media: [type.replace(/;.*/, '')],
      handle: async () => ({ body: await read(), type, headers: { 'Cache-Control': 'public, max-age=3600' } }),
    }),
  ),
];

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
