export { escapeBytes, exactName, exactPath, type StoredPath } from '@cyborgbackup/contracts';
