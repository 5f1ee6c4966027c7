import tseslint from 'typescript-eslint';

/**
 * Imports go one way: cli -> session -> cmap -> ipc -> codec -> errors, and testing -> ipc's ring files, codec, errors. Each layer
 * names what it may not import.
 */
const layer = (files, forbidden) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: forbidden.map((group) => ({
          group: [group].flat(),
          message: 'Imports go one way; see ARCHITECTURE.md.',
        })),
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ['dist', 'build', 'coverage'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  layer(
    ['src/errors/**'],
    ['**/codec/**', '**/ipc/**', '**/cmap/**', '**/session/**', '**/cli/**', '**/testing/**', 'node:*'],
  ),
  layer(
    ['src/codec/**'],
    [
      '**/ipc/**',
      ['../cmap/*', '!../cmap/check-value.ts', '!../cmap/keys.ts'],
      '**/session/**',
      '**/cli/**',
      '**/testing/**',
      'node:fs',
      'node:net',
      'node:timers*',
    ],
  ),
  layer(['src/ipc/**'], ['**/cmap/**', '**/session/**', '**/cli/**', '**/testing/**']),
  layer(['src/cmap/**'], ['**/session/**', '**/cli/**', '**/testing/**']),
  layer(['src/session/**'], ['**/cli/**', '**/testing/**']),
  layer(['src/cli/**'], ['**/testing/**']),
  layer(
    ['src/testing/**'],
    [
      ['../cmap/*', '!../cmap/check-value.ts', '!../cmap/keys.ts'],
      '**/session/**',
      '**/cli/**',
      ['**/ipc/*', '!**/ipc/ring-file.ts', '!**/ipc/ring-storage.ts'],
    ],
  ),
  { files: ['test/**', 'bench/**', 'soak/**', 'scripts/**'], rules: { 'no-console': 'off' } },
);
