import { parseExtraVars, type PolicyType } from '@cyborgbackup/contracts';

type Variables = Readonly<Record<string, unknown>>;

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && !value.includes('\0');

const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

const isFolder = (value: unknown): boolean => isText(value) && value.startsWith('/');

/** What a type of policy cannot do without. */
const REQUIREMENTS: Readonly<Partial<Record<PolicyType, (variables: Variables) => string | undefined>>> = {
  folders: ({ folders }) =>
    Array.isArray(folders) && folders.length > 0 && folders.every(isFolder)
      ? undefined
      : 'Give "folders", a list of absolute paths, for example {"folders": ["/srv/data"]}.',
  piped: ({ command }) =>
    isText(command) ? undefined : 'Give "command", whose output is backed up, for example {"command": "pg_dumpall"}.',
};

/** What is wrong with a policy's variables (JSON text, or empty), each as one sentence. */
export const checkExtraVars = (policyType: PolicyType, text: string): readonly string[] => {
  const variables = parseExtraVars(text);
  if (!variables) return ['This is not a JSON object such as {"exclude": ["*.tmp"]}.'];
  const missing = REQUIREMENTS[policyType]?.(variables);
  const exclude =
    variables['exclude'] === undefined || isTextList(variables['exclude'])
      ? undefined
      : '"exclude" must be a list of patterns, for example {"exclude": ["*.tmp"]}.';
  return [missing, exclude].filter((message) => message !== undefined);
};
