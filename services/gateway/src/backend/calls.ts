import { AppError, isAppError, type FieldErrors, type WireError } from '@cyborgbackup/kernel';
import type { RpcClient } from '@cyborgbackup/messaging';
import type { GatewayDeps } from '../routes/deps.ts';

/** A service names a field by its path in the command (`changes.clients.0`); the API's clients know the field itself. */
const apiField = (path: string): string => {
  const names = path.split('.');
  return (names[0] === 'changes' ? names[1] : names[0]) ?? path;
};

const apiFields = (fields: FieldErrors): FieldErrors => {
  const merged = new Map<string, string[]>();
  for (const [path, messages] of Object.entries(fields)) {
    const field = apiField(path);
    merged.set(field, [...(merged.get(field) ?? []), ...messages]);
  }
  return Object.fromEntries(merged);
};

const apiError = ({ code, message, fields, details }: WireError): AppError =>
  new AppError(code, message, { fields: fields && apiFields(fields), details });

export const createCall =
  (rpc: RpcClient): GatewayDeps['call'] =>
  async ({ subject, output }, input, options = {}) => {
    try {
      return await rpc.call(subject, input, { schema: output, ...options });
    } catch (error) {
      throw isAppError(error) ? apiError(error) : error;
    }
  };
