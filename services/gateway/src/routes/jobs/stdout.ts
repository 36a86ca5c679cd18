import { z } from 'zod';
import type { GatewayDeps } from '../deps.ts';
import { endpoint, type ApiAnswer, type ApiRequest, type Endpoint } from '../../http/core/endpoint.ts';
import { notFound } from '../../http/core/http-error.ts';
import { contentDisposition } from '../downloads/content-disposition.ts';
import { jobOf } from './find-job.ts';
import { plainText, terminalText } from './terminal-text.ts';
import type { JobRow } from '../../lists/sources/jobs.ts';

interface OutputRow {
  readonly stdout: string;
}

/** Longer output is for downloads only. */
const MAX_DISPLAYED_BYTES = 1024 * 1024;
/** The limit of a download: a job's output is a few lines for each warning, not a listing. */
const MAX_LINES = 200_000;

const linesOf = async (deps: GatewayDeps, job: JobRow): Promise<readonly string[]> => {
  const rows = await deps.reader.rows<OutputRow>(
    'select stdout from executor.job_events where job_uuid = $1 order by counter limit $2',
    [job.uuid, MAX_LINES],
  );
  return rows.map(({ stdout }) => terminalText(stdout));
};

const TOO_LARGE = 'Standard Output too large to display, use ?format=txt_download to download it.';

const inFull = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const bounded = (text: string): string => (Buffer.byteLength(text) > MAX_DISPLAYED_BYTES ? TOO_LARGE : text);

const lineNumber = (query: URLSearchParams, name: string, count: number): number | undefined => {
  const text = query.get(name) ?? '';
  if (!/^-?\d{1,9}$/.test(text)) return undefined;
  const line = Number(text);
  return Math.min(count, Math.max(0, line < 0 ? count + line : line));
};

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For a page: nothing in it is markup, and colours are left out. */
const htmlOf = (text: string): string => plainText(text).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

const asJson = (lines: readonly string[], { query }: ApiRequest): ApiAnswer => {
  const start = lineNumber(query, 'start_line', lines.length) ?? 0;
  const end = Math.max(start, lineNumber(query, 'end_line', lines.length) ?? lines.length);
  const text = bounded(inFull(lines.slice(start, end)));
  const content = query.get('content_format') === 'html' ? htmlOf(text) : text;
  const isEncoded = query.get('content_encoding') === 'base64';
  return {
    body: {
      range: { start, end, absolute_end: lines.length },
      content: isEncoded ? Buffer.from(content).toString('base64') : content,
    },
  };
};

const TEXT = 'text/plain; charset=utf-8';

const asText = (lines: readonly string[]): ApiAnswer => ({ body: bounded(inFull(lines)), type: TEXT });

const asFile = (lines: readonly string[], name: string): ApiAnswer => ({
  body: inFull(lines),
  type: TEXT,
  headers: { 'Content-Disposition': contentDisposition(name) },
});

const asHtml = (lines: readonly string[]): ApiAnswer => ({
  body: `<!DOCTYPE html>\n<title>Output</title>\n<pre>${htmlOf(bounded(inFull(lines)))}</pre>\n`,
  type: 'text/html; charset=utf-8',
});

type OutputFormat = (lines: readonly string[], request: ApiRequest, job: JobRow) => ApiAnswer;

const FORMATS = new Map<string, OutputFormat>([
  ['json', asJson],
  ['api', asHtml],
  ['html', asHtml],
  ['txt', asText],
  ['ansi', asText],
  ['txt_download', (lines, _request, { id }) => asFile(lines, `job_${id}.txt`)],
  ['ansi_download', (lines, _request, { id }) => asFile(lines, `job_${id}.ansi.txt`)],
]);

/** Without a format, programs get JSON and browsers a page. */
const formatOf = ({ query, header }: ApiRequest): OutputFormat | undefined =>
  FORMATS.get(query.get('format') ?? (header('Accept').includes('text/html') ? 'html' : 'json'));

export const stdoutRoute = (deps: GatewayDeps): Endpoint =>
  endpoint({
    route: 'GET /api/v1/jobs/:id/stdout',
    access: 'user',
    summary: 'Retrieve the output of the job',
    isCostly: true,
    query: z.object({
      format: z.enum(['json', 'api', 'html', 'txt', 'ansi', 'txt_download', 'ansi_download']).optional(),
      start_line: z.int().optional(),
      end_line: z.int().optional(),
      content_encoding: z.enum(['base64']).optional(),
      content_format: z
        .enum(['html', 'ansi'])
        .describe('For `json`: `html` escapes the content for a page, as the format `html` does; `ansi` keeps colours.')
        .optional(),
    }),
    answers: z.object({
      range: z.object({ start: z.int(), end: z.int(), absolute_end: z.int() }),
      content: z.string(),
    }),
    media: ['application/json', 'text/plain', 'text/html'],
    handle: async (request) => {
      const format = formatOf(request);
      if (!format) throw notFound();
      const job = await jobOf(deps, request);
      return format(await linesOf(deps, job), request, job);
    },
  });
