import type { z } from 'zod';

/** Django REST framework's message, which clients of the API know, for an issue that zod found. */
export const messageOfIssue = (issue: z.core.$ZodIssue, value: unknown): string => {
  if (issue.code === 'custom') return issue.message;
  if (value === undefined) return 'This field is required.';
  if (value === null) return 'This field may not be null.';
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, value);
    case 'invalid_value':
      return `"${truncated(value)}" is not a valid choice.`;
    case 'too_big':
      return tooBig(issue, value);
    case 'too_small':
      return tooSmall(issue, value);
    case 'invalid_format':
      return FORMATS.get(issue.format) ?? issue.message;
    default:
      return issue.message;
  }
};

const FORMATS = new Map([
  ['email', 'Enter a valid email address.'],
  [
    'datetime',
    'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].',
  ],
]);

const MAX_LENGTH = 100;

const truncated = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
};

const kindOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return 'dict';
  return { string: 'str', boolean: 'bool', number: 'int' }[typeof value as 'string' | 'boolean' | 'number'];
};

const wrongType = (expected: string, value: unknown): string => {
  switch (expected) {
    case 'string':
      return 'Not a valid string.';
    case 'int':
    case 'number':
      return 'A valid integer is required.';
    case 'boolean':
      return 'Must be a valid boolean.';
    case 'array':
      return `Expected a list of items but got type "${kindOf(value)}".`;
    case 'object':
    case 'record':
      return `Invalid data. Expected a dictionary, but got ${kindOf(value)}.`;
    default:
      return 'This value is not valid.';
  }
};

const tooBig = ({ maximum }: z.core.$ZodIssueTooBig, value: unknown): string => {
  if (typeof value === 'string') return `Ensure this field has no more than ${maximum} characters.`;
  if (Array.isArray(value)) return `Ensure this field has no more than ${maximum} elements.`;
  return `Ensure this value is less than or equal to ${maximum}.`;
};

const tooSmall = ({ minimum }: z.core.$ZodIssueTooSmall, value: unknown): string => {
  if (value === '') return 'This field may not be blank.';
  if (typeof value === 'string') return `Ensure this field has at least ${minimum} characters.`;
  if (Array.isArray(value)) return 'This list may not be empty.';
  return `Ensure this value is greater than or equal to ${minimum}.`;
};
