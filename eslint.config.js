import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const SERVICES = ['gateway', 'inventory', 'scheduler', 'executor', 'catalog'];
const TESTS = ['**/*.test.ts', '**/testing/**/*.ts', 'libs/testkit/**/*.ts', 'services/standalone/src/e2e/**/*.ts'];

/** A `no-restricted-imports` pattern that forbids packages of ours, deep imports into them included. */
const forbidPackages = (names, message) => ({ regex: `^@cyborgbackup/(${names.join('|')})(/|$)`, message });

const DEEP_IMPORT = {
  // The definitions of tables are a door of their own: what reads a table need not load what keeps it.
  regex: '^@cyborgbackup/(?!projections/define$)[^/]+/',
  message: 'Import the package; what it does not export is its own.',
};
const TESTKIT = forbidPackages(['testkit'], 'The test kit is for tests and the demo.');
const STANDALONE = forbidPackages(['standalone'], 'Nothing builds on the standalone process.');
const ANY_SERVICE = forbidPackages(SERVICES, 'Libraries know no service.');
/** The catalog's tests list archives with the executor's client. */
const TEST_PARTNERS = { catalog: ['executor'] };
const otherServices = (own, allowed = []) =>
  forbidPackages(
    SERVICES.filter((name) => name !== own && !allowed.includes(name)),
    'Services meet over NATS and in @cyborgbackup/contracts only.',
  );

const restrictImports = (files, patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [DEEP_IMPORT, ...patterns] }] },
});

/** `npm run lint:fast`: without the rules that need types or follow imports through the whole project. */
const FAST =
  process.env.LINT === 'fast'
    ? [{ ...tseslint.configs.disableTypeChecked }, { rules: { 'import-x/no-cycle': 'off' } }]
    : [];

export default tseslint.config(
  { ignores: ['data/**', 'coverage/**'] },
  {
    files: ['**/*.{ts,js,mjs}'],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', 300],
      complexity: ['error', 10],
      'max-depth': ['error', 3],
      eqeqeq: 'error',
      'no-console': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'prefer-template': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    settings: {
      'import-x/resolver-next': [createTypeScriptImportResolver({ project: './tsconfig.json' })],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      // Only our own files can be part of a cycle.
      'import-x/ignore': ['/node_modules/(?!@cyborgbackup/)'],
    },
    rules: {
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-relative-packages': 'error',
      'import-x/no-default-export': 'error',
      'import-x/no-extraneous-dependencies': ['error', { devDependencies: false }],

      '@typescript-eslint/max-params': ['error', { max: 4 }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `() => resolve()` and `(error) => reject(error)` say what they do.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // `async` also turns a throw into a rejection; an implementation of an asynchronous port need not await.
      '@typescript-eslint/require-await': 'off',
      // It believes that nothing changes between two looks at a signal or a flag, even across an await.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Our methods are closures of plain objects, made to be taken apart.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // An empty string is often "none": `a || b` then means what it says.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      // Promise.withResolvers<void>()
      '@typescript-eslint/no-invalid-void-type': 'off',
      // Options of libraries are classes at times, given as literals.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Nest's modules are empty classes.
      '@typescript-eslint/no-extraneous-class': ['error', { allowEmpty: true }],
    },
  },

  restrictImports(['libs/*/src/**/*.ts'], [ANY_SERVICE, STANDALONE, TESTKIT]),
  restrictImports(['services/standalone/src/**/*.ts'], [TESTKIT]),
  ...SERVICES.map((name) =>
    restrictImports([`services/${name}/src/**/*.ts`], [otherServices(name), STANDALONE, TESTKIT]),
  ),
  restrictImports(['libs/**/*.test.ts', 'libs/**/testing/**/*.ts', 'libs/testkit/**/*.ts'], [ANY_SERVICE, STANDALONE]),
  restrictImports(['services/standalone/src/{demo,e2e}/**/*.ts', 'services/standalone/src/**/*.test.ts'], []),
  ...SERVICES.map((name) =>
    restrictImports(
      [`services/${name}/src/**/*.test.ts`, `services/${name}/src/**/testing/**/*.ts`],
      [otherServices(name, TEST_PARTNERS[name]), STANDALONE],
    ),
  ),

  {
    files: TESTS,
    rules: {
      'max-lines': 'off',
      'import-x/no-extraneous-dependencies': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Matchers such as expect.any() and parsed JSON are `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
  // The tools that read these want a default export, and development dependencies.
  {
    files: ['*.config.ts', 'bench/**/*.ts', 'deploy/**/*.ts'],
    rules: { 'import-x/no-default-export': 'off', 'import-x/no-extraneous-dependencies': 'off' },
  },
  ...FAST,
);
