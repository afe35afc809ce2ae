import { run } from './commands.ts';

/** Where and as what the guardrail is deployed for all tests. */
export const deployed = { region: 'eu-central-1', stage: 'test', stack: 'ec2-guardrail-test' } as const;

/** moto's own account. */
export const accountId = '123456789012';

const target = ['--region', deployed.region, '--stage', deployed.stage, '--param', 'alertEmail=ops@example.com'];

/** `npx serverless deploy`, as docs/deploy.md has it. */
export async function deploy(): Promise<void> {
  await run('npx', ['serverless', 'deploy', ...target]);
}

/** `npx serverless remove`. */
export async function remove(): Promise<void> {
  await run('npx', ['serverless', 'remove', ...target]);
}
