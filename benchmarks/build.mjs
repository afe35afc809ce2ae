import { buildSync } from 'esbuild';

/** What serverless.yml sets for the functions' bundles. */
export const settings = {
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  mainFields: ['module', 'main'],
  legalComments: 'none',
  logLevel: 'error',
};

/** A function that holds the SNS client and nothing else, built as ours are, but with the SDK as it comes. */
export function buildSnsAlone(outfile) {
  const contents = `
    import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
    const client = new SNSClient({});
    export function handler(input) { return client.send(new PublishCommand(input)); }
  `;
  buildSync({ ...settings, stdin: { contents, resolveDir: process.cwd(), loader: 'js' }, outfile });
}
