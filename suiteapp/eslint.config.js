const suitescript = require('eslint-plugin-suitescript');

const RULES = {
  curly: ['error', 'multi-line'],
  'consistent-return': 'error',
  eqeqeq: 'error',
  'max-depth': ['error', 3],
  'max-len': ['error', { code: 120 }],
  'max-lines': ['error', 200],
  'max-lines-per-function': ['error', { max: 200 }],
  'no-undef': 'error',
  'no-unused-vars': ['error', { caughtErrors: 'none' }],
  'no-var': 'error',
  'object-shorthand': 'error',
  'prefer-const': 'error',
  quotes: ['error', 'single', { avoidEscape: true }],
  semi: 'error'
};

const SUITESCRIPT = {
  'suitescript/api-version': 'error',
  'suitescript/entry-points': 'error',
  'suitescript/log-args': 'error',
  'suitescript/no-amd-name': 'error',
  'suitescript/no-extra-modules': 'error',
  'suitescript/no-invalid-modules': 'error',
  'suitescript/no-module-extensions': 'error',
  'suitescript/script-type': 'error'
};

const named = (names) => Object.fromEntries(names.split(' ').map((name) => [name, 'readonly']));
const node = named('require module process __dirname Buffer console');
const jest = named('describe test it expect jest beforeEach afterEach beforeAll afterAll');

module.exports = [
  { ignores: ['node_modules/', 'coverage/'] },
  {
    files: ['src/**/*.js'],
    languageOptions: { ecmaVersion: 2022, sourceType: 'script', globals: named('define log util') },
    plugins: { suitescript },
    rules: { ...RULES, ...SUITESCRIPT }
  },
  {
    files: ['*.js', '__tests__/**/*.js'],
    languageOptions: { ecmaVersion: 2022, sourceType: 'commonjs', globals: { ...node, ...jest } },
    rules: { ...RULES, 'max-len': ['error', { code: 132 }], 'max-lines': ['error', 400] }
  }
];
