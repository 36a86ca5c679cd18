import { createHash } from 'node:crypto';
import { docsScript, docsStyle } from './docs-assets.ts';
import { escapeHtml, proseHtml } from './docs-html.ts';
import { operationHtml, type DocsOperation } from './docs-operation.ts';
import { schemaAnchor, schemaTable } from './docs-schema.ts';
import type { OpenApiDocument } from './openapi-types.ts';

const operationsOf = ({ paths }: OpenApiDocument): readonly DocsOperation[] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method, path, operation })),
  );

const sectionHtml = (tag: string, document: OpenApiDocument): string => {
  const operations = operationsOf(document).filter(({ operation }) => operation.tags.includes(tag));
  return `<section data-tag aria-labelledby="tag-${escapeHtml(tag)}"><h2 id="tag-${escapeHtml(tag)}">${escapeHtml(tag)}</h2>
${operations.map((item) => operationHtml(item, document)).join('\n')}</section>`;
};

const schemasHtml = ({ components }: OpenApiDocument): string =>
  Object.entries(components.schemas)
    .map(
      ([name, schema]) => `<details id="${schemaAnchor(name)}"><summary>${escapeHtml(name)}</summary>
<div class="body">${schemaTable(name, schema, { marksRequired: false })}</div></details>`,
    )
    .join('\n');

const securityHtml = ({ components }: OpenApiDocument): string =>
  Object.entries(components.securitySchemes)
    .map(([name, { description = '' }]) => `<li><strong>${escapeHtml(name)}</strong> ${proseHtml(description)}</li>`)
    .join('\n');

/** The document as one page that loads nothing: complete without scripts, and searchable with its own. */
export const docsPage = (document: OpenApiDocument): string => {
  const { info, tags } = document;
  const links = tags
    .map(({ name }) => `<li><a href="#tag-${escapeHtml(name)}">${escapeHtml(name)}</a></li>`)
    .join('\n');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(info.title)} API ${escapeHtml(info.version)}</title>
<style>${docsStyle}</style>
</head>
<body>
<a class="skip" href="#operations">Skip to the operations</a>
<header>
<h1>${escapeHtml(info.title)} API <small>${escapeHtml(info.version)}</small></h1>
${info.description
  .split('\n\n')
  .map((text) => `<p>${proseHtml(text)}</p>`)
  .join('\n')}
<p>The same as an <a href="/api/v1/openapi.json">OpenAPI document</a>.</p>
<h2>Signing in</h2>
<ul>${securityHtml(document)}</ul>
<nav aria-label="Resources"><ul>${links}</ul></nav>
</header>
<main id="operations">
<div class="search" id="search-box" hidden><label for="search">Search the operations</label>
<input id="search" type="search" autocomplete="off" spellcheck="false" aria-describedby="found">
<p class="found" id="found" role="status"></p></div>
${tags.map(({ name }) => sectionHtml(name, document)).join('\n')}
<h2 id="schemas">Schemas</h2>
${schemasHtml(document)}
</main>
<script>${docsScript}</script>
</body>
</html>
`;
};

const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Only the page's own style and script, and nothing from anywhere. */
export const docsContentSecurityPolicy = [
  "default-src 'none'",
  `style-src ${sha256(docsStyle)}`,
  `script-src ${sha256(docsScript)}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
