import { escapeHtml, proseHtml } from './docs-html.ts';
import { fieldTable, isPage, schemaTable, schemaType } from './docs-schema.ts';
import type {
  OpenApiDocument,
  OpenApiOperation,
  OpenApiParameter,
  OpenApiResponse,
  Reference,
} from './openapi-types.ts';

export interface DocsOperation {
  readonly method: string;
  readonly path: string;
  readonly operation: OpenApiOperation;
}

const lastName = ({ $ref }: Reference): string => $ref.slice($ref.lastIndexOf('/') + 1);

const parametersHtml = ({ operation }: DocsOperation, { components }: OpenApiDocument): string => {
  const parameters = (operation.parameters ?? [])
    .map((parameter): OpenApiParameter | undefined =>
      '$ref' in parameter ? components.parameters[lastName(parameter)] : parameter,
    )
    .filter((parameter) => parameter !== undefined);
  const fields = parameters.map(({ name, schema, description, required = false, in: place }) => ({
    name,
    schema,
    isRequired: required,
    description:
      [place === 'query' ? '' : `In the ${place}.`, description ?? ''].filter(Boolean).join(' ') || undefined,
  }));
  return fieldTable('Parameters', fields);
};

const bodyHtml = ({ operation }: DocsOperation): string => {
  const schema = operation.requestBody?.content['application/json']?.schema;
  return schema ? schemaTable('Body', schema, { marksRequired: true }) : '';
};

const responseHtml = (status: string, response: OpenApiResponse): string => {
  const types = Object.entries(response.content ?? {}).map(([type, { schema }]) =>
    type === 'application/json' ? schemaType(schema) : `<code>${escapeHtml(type)}</code>`,
  );
  const also = types.length > 0 ? `: ${types.join(', or ')}` : '';
  return `<li><strong>${escapeHtml(status)}</strong> ${proseHtml(response.description.replace(/\.$/, ''))}${also}</li>`;
};

const responsesHtml = ({ operation }: DocsOperation, { components }: OpenApiDocument): string => {
  const items = Object.entries(operation.responses).map(([status, response]) => {
    const known = '$ref' in response ? components.responses[lastName(response)] : response;
    return known ? responseHtml(status, known) : '';
  });
  return `<h3>Answers</h3><ul class="answers">${items.join('\n')}</ul>`;
};

/** The fields of a success that is no resource with a description of its own. */
const answerHtml = ({ operation }: DocsOperation): string =>
  Object.entries(operation.responses)
    .flatMap(([status, response]) =>
      status.startsWith('2') && 'content' in response ? [response.content?.['application/json']?.schema] : [],
    )
    .filter((schema) => schema?.properties !== undefined && !isPage(schema))
    .map((schema) => schemaTable('Answer', schema ?? {}, { marksRequired: false }))
    .join('\n');

/** One operation, folded up; what a search finds it by is in `data-text`. */
export const operationHtml = (item: DocsOperation, document: OpenApiDocument): string => {
  const { method, path, operation } = item;
  const text = `${method} ${path} ${operation.summary} ${operation.tags.join(' ')}`.toLowerCase();
  return `<details class="operation" id="${escapeHtml(operation.operationId)}" data-text="${escapeHtml(text)}">
<summary><span class="method ${escapeHtml(method)}">${escapeHtml(method.toUpperCase())}</span>
<code class="path">${escapeHtml(path)}</code> <span class="what">${escapeHtml(operation.summary)}</span></summary>
<div class="body"><p>${escapeHtml(operation.description ?? '')}</p>
${parametersHtml(item, document)}
${bodyHtml(item)}
${responsesHtml(item, document)}
${answerHtml(item)}</div>
</details>`;
};
