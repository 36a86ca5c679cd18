import { join } from 'node:path';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

const project = (name: 'unit' | 'int' | 'e2e', timeoutSeconds: number): TestProjectConfiguration => ({
  test: {
    name,
    include: [`{libs,services,deploy,bench}/**/*.${name}.test.ts`],
    testTimeout: timeoutSeconds * 1000,
    hookTimeout: 60_000,
    // For the processes that tests start; see docs/decisions/0018-sources-run-as-they-are.md.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compile') },
    globalSetup: name === 'unit' ? [] : ['libs/testkit/src/global-setup.ts'],
  },
});

export default defineConfig({
  test: {
    projects: [project('unit', 30), project('int', 90), project('e2e', 180)],
    maxWorkers: 2,
  },
});
