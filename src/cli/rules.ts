import type { Command } from 'commander';
import type { CommandIo } from './io.ts';
import { addReferenceCommand } from './references.ts';

const help = `
Without an id, lists the rules. With one, prints all there is to know of it; its examples paste into a policy.test.yml.

Examples:
  ec2-guardrail rules
  ec2-guardrail rules restricted-ingress
  ec2-guardrail rules --format json`;

/** Adds `rules`: the reference at hand. */
export function addRulesCommand(program: Command, io: CommandIo): void {
  addReferenceCommand(program, io, {
    noun: 'rule',
    help,
    async load() {
      const [{ rules }, { referenceOf }] = await Promise.all([
        import('../rules/index.ts'),
        import('../language/reference.ts'),
      ]);
      return { all: rules, referenceOf };
    },
    documentOf: ({ id, summary, why, fix, awsConfig, parametersSchema, examples }) => ({
      id,
      summary,
      why,
      fix,
      awsConfig,
      parameters: parametersSchema,
      examples,
    }),
    sectionsOf: ({ why, fix, awsConfig }) => [
      ['Why', why],
      ['Fix', fix],
      ...(awsConfig === undefined ? [] : [['AWS Config', awsConfig] as const]),
    ],
  });
}
