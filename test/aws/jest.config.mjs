import base from '../../jest.config.mjs';

/**
 * Tests against AWS's API over HTTP, as moto answers it. The set-up starts moto and deploys; the tear-down removes what was
 * deployed and ends moto.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/aws/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/aws/sdk(?:-errors)?\\.test\\.ts'],
  globalSetup: '<rootDir>/test/aws/support/set-up.ts',
  globalTeardown: '<rootDir>/test/aws/support/tear-down.ts',
  testTimeout: 120_000,
  maxWorkers: 2,
  verbose: true,
};
