import { join } from 'node:path';
import type { Command } from 'commander';
import type { CommandIo } from './io.ts';
import { DEFAULT_PATH } from './options.ts';

const help = `
Everything but AWS is real: the shipped policies, the code that runs in Lambda, and the alerts as they are mailed.
AWS is an account in memory with a virtual clock. It takes a second and needs no credentials.

Examples:
  ec2-guardrail demo
  ec2-guardrail demo --policies my-policies`;

/** Adds `demo`: the guardrail's story on an account in memory. */
export function addDemoCommand(program: Command, io: CommandIo): void {
  program
    .command('demo')
    .summary('watch the guardrail at work on an account in memory')
    .description(
      'Instances are launched, violations found and told; a fix ends one, a policy that enforces another; and what EC2 takes back is drained.',
    )
    .option('--policies <path>', 'policy files, or a folder of them; left out: the shipped ones')
    .addHelpText('after', help)
    .action((options: { readonly policies?: string }) => demo(options.policies, io));
}

async function demo(path: string | undefined, io: CommandIo): Promise<void> {
  const { loadBoundPolicies } = await import('./load-policies.ts');
  const policies = await loadBoundPolicies(path ?? join(io.packageRoot, DEFAULT_PATH), io);
  if (policies === undefined) return;
  const [{ tellStory }, { coloursFor }] = await Promise.all([import('./demo-story.ts'), import('./output/colours.ts')]);
  await tellStory(policies, coloursFor(io), io.stdout);
}
