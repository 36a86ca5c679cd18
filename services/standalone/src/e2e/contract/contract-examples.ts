/** What an endpoint's list of fields says a field is; `null` is allowed where the example has it. */
export type DocumentedType = 'string' | 'integer' | 'boolean' | 'array' | 'dict';

/** One heading of the contract document, with all that stands below it. */
export interface DocumentedEndpoint {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As the heading has it, for example `/api/v1/users/(int:id)/`. */
  readonly path: string;
  /** The example, of the answer (GET) or of the request (POST and PATCH); undefined where there is none. */
  readonly example: unknown;
  /** The fields of the answer that are listed by name. */
  readonly fields: ReadonlyMap<string, DocumentedType>;
  /** The status codes that are listed. */
  readonly statuses: readonly number[];
}

const HEADING = /^\.\. http:(get|post|patch|delete)::\s+(\S+)$/;
const FIELD = /^ +:>json (string|integer|boolean|array|dict) (\w+):/;
const STATUS = /^ +:statuscode (\d+):/;
const CODE = /^ +\.\. sourcecode:: js$/;

/**
 * The JSON that an example means. Examples are not JSON: commas are missing at ends of lines or trail before a bracket, an
 * object within a list lacks its braces, and words in capitals stand for values.
 */
export const parseExample = (text: string): unknown => {
  const json = text
    .replace(/\[DATETIME\]/g, '["DATETIME"]')
    .replace(/\[[A-Z]+\]/g, '[]')
    .replace(/(["\w\]}])[ \t]*\n(\s*")/g, '$1,\n$2')
    .replace(/,(\s*[}\]])/g, '$1')
    .replace(/\[(\s*"\w+"\s*:[^[\]]*)\]/g, '[{$1}]');
  return JSON.parse(json);
};

/** The indented block below the last example's directive; a page's first example may be a shell command. */
const exampleOf = (lines: readonly string[]): unknown => {
  const start = lines.findLastIndex((line) => CODE.test(line));
  if (start < 0) return undefined;
  const indent = /^ */.exec(lines[start] ?? '')?.[0].length ?? 0;
  const below = lines.slice(start + 1);
  const end = below.findIndex((line) => line.trim() !== '' && line.search(/\S/) <= indent);
  return parseExample(below.slice(0, end < 0 ? below.length : end).join('\n'));
};

const isType = (text: string | undefined): text is DocumentedType =>
  ['string', 'integer', 'boolean', 'array', 'dict'].includes(text ?? '');

const fieldsOf = (lines: readonly string[]): ReadonlyMap<string, DocumentedType> =>
  new Map(
    lines.flatMap((line): readonly (readonly [string, DocumentedType])[] => {
      const [, type, name] = FIELD.exec(line) ?? [];
      return isType(type) && name !== undefined ? [[name, type]] : [];
    }),
  );

const isMethod = (text: string): text is DocumentedEndpoint['method'] =>
  ['GET', 'POST', 'PATCH', 'DELETE'].includes(text);

const endpointOf = (heading: string, lines: readonly string[]): DocumentedEndpoint => {
  const [, verb = '', path = ''] = HEADING.exec(heading) ?? [];
  const method = verb.toUpperCase();
  if (!isMethod(method)) throw new Error(`No method in the heading "${heading}".`);
  const statuses = lines.flatMap((line) => {
    const code = STATUS.exec(line)?.[1];
    return code === undefined ? [] : [Number(code)];
  });
  return { method, path, example: exampleOf(lines), fields: fieldsOf(lines), statuses };
};

/** Every endpoint of the contract document, in its order. */
export const parseContract = (text: string): readonly DocumentedEndpoint[] => {
  const lines = text.split('\n');
  const headings = lines.flatMap((line, index) => (HEADING.test(line) ? [index] : []));
  return headings.map((at, index) => endpointOf(lines[at] ?? '', lines.slice(at + 1, headings[index + 1])));
};
