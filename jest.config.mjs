// Packages published as ES modules alone: jest runs CommonJS, so they are transformed like the sources.
const esmOnly = ['@marcbachmann/cel-js', 'cidr-tools', 'ip-bigint', 'ip-regex'];

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // What is slow on a busy machine is not wrong: speed is held by benchmarks.
  testTimeout: 60_000,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // All there but sdk.test.ts and sdk-errors.test.ts needs moto, which `npm run test:aws` starts.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/aws/(?!sdk(?:-errors)?\\.test\\.ts)'],
  transform: {
    '\\.[jt]s$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Compiled into the functions when they are packaged; tests of handlers have policies of their own.
  moduleNameMapper: {
    '^compiled:policies$': '<rootDir>/test/support/compiled-policies.ts',
    '^compiled:drain-policies$': '<rootDir>/test/support/compiled-drain-policies.ts',
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
};
