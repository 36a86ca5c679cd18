import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

const project = (name: 'unit' | 'int' | 'e2e', timeoutSeconds: number): TestProjectConfiguration => ({
  test: {
    name,
    include: [`{libs,services,deploy,bench}/**/*.${name}.test.ts`],
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
