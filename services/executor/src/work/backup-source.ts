import { AppError } from '@cyborgbackup/kernel';
import { z } from 'zod';
import { JobFailure } from '../job/job-failure.ts';

/** What goes into an archive. */
export interface FileSource {
  readonly paths: readonly string[];
  readonly exclude: readonly string[];
}

const variables = z.object({
  folders: z.array(z.string()).optional(),
  exclude: z.array(z.string()).optional(),
});

/** What no backup of a whole system wants: other file systems' mount points and what lives in memory. */
const ROOTFS_EXCLUDES = [
  '/media',
  '/dev',
  '/proc',
  '/sys',
  '/var/run',
  '/run',
  '/lost+found',
  '/mnt',
  '/var/lib/lxcfs',
  '/tmp',
];

const parseVariables = (text: string): z.output<typeof variables> => {
  try {
    return variables.parse(JSON.parse(text === '' ? '{}' : text));
  } catch (cause) {
    throw new AppError('validation', 'extra_vars of this policy is not what its type needs: correct it.', { cause });
  }
};

/**
 * The files that a policy of this type backs up.
 * @throws JobFailure for a type that this version cannot run
 */
export const fileSource = (policyType: string, extraVars: string): FileSource => {
  const { folders = [], exclude = [] } = parseVariables(extraVars);
  switch (policyType) {
    case 'rootfs':
      return { paths: ['/'], exclude: [...ROOTFS_EXCLUDES, ...exclude] };
    case 'config':
      return { paths: ['/etc'], exclude };
    case 'mail':
      return { paths: ['/var/lib/mail', '/var/mail'], exclude };
    case 'folders':
      if (folders.length === 0) throw new JobFailure('extra_vars of this policy names no folders: add some.');
      return { paths: folders, exclude };
    default:
      throw new JobFailure(`Policies of the type ${policyType} cannot be run by this version yet.`, {
        status: 'error',
      });
  }
};
