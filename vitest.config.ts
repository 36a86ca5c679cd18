import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

/**
 * Libraries are tested from source, so that no build is needed between an edit and a test. Not more than that: Vitest hands
 * these to Node as --conditions, and with `import` among them a package's own require() would be given ES modules.
 */
const conditions = ['source', 'node'];

const project = (name: 'unit' | 'int' | 'e2e', timeoutSeconds: number): TestProjectConfiguration => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  // Test files are in no tsconfig.json of their own, where Vite would read how decorators are meant.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    name,
    include: [`{libs,services,deploy,bench}/**/*.${name}.test.ts`],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: timeoutSeconds * 1000,
    hookTimeout: 60_000,
    globalSetup: name === 'unit' ? [] : ['libs/testkit/src/global-setup.ts'],
  },
});

export default defineConfig({
  test: {
    projects: [project('unit', 30), project('int', 90), project('e2e', 180)],
    maxWorkers: 2,
  },
});
