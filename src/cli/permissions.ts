import { type Command, Option } from 'commander';
import type { CommandIo } from './io.ts';
import { loadOptions } from './load-policies.ts';
import { DEFAULT_PATH, deploymentName, type FormatOption, formatOption, stageOption } from './options.ts';
import { coloursFor } from './output/colours.ts';
import { json } from './output/text.ts';
import { printValidation } from './validate.ts';

const help = `
Prints what the functions of a deployment with these policies may do, why, and which policy needs each read; then what
each command that reads a live account needs of your own credentials. Derived as \`serverless deploy\` derives it; reads files alone.

What CloudFormation fills in stands as \${…}: \${FindingsTable.Arn} is the ARN of the table that it creates. Where you
deploy with alertTopicArn, your topic stands for \${AlertsTopic}, and its key (alertTopicKeyArn) beside \${TopicKey.Arn}.

Exits with 0; with 2 when the policies have mistakes, which it prints as \`validate\` does.

Examples:
  ec2-guardrail permissions
  ec2-guardrail permissions --enforcement on
  ec2-guardrail permissions --stage test policies ../shared-policies
  ec2-guardrail permissions --format json | jq .roles.InspectRole
  ec2-guardrail permissions > permissions.txt && git diff permissions.txt`;

interface PermissionsOptions extends FormatOption {
  readonly stage: string;
  readonly enforcement: 'on' | 'off';
}

/** Adds `permissions`: what policies make the functions, and a person's own credentials, be permitted. */
export function addPermissionsCommand(program: Command, io: CommandIo): void {
  program
    .command('permissions')
    .summary('print what a deployment of policies may do in the account')
    .description('Prints the permissions that policies need, and why.')
    .argument('[PATH...]', 'policy files, and folders of <name>/policy.yml', [DEFAULT_PATH])
    .addOption(stageOption())
    .addOption(
      new Option('--enforcement <switch>', 'as `serverless deploy` is given it').choices(['on', 'off']).default('off'),
    )
    .addOption(formatOption())
    .addHelpText('after', help)
    .action((paths: readonly string[], options: PermissionsOptions) => printPermissions(paths, options, io));
}

async function printPermissions(
  paths: readonly string[],
  { format, stage, enforcement }: PermissionsOptions,
  io: CommandIo,
): Promise<void> {
  const [{ loadPolicies }, { bindAll, bindSafety }, { permissionsDocument }, options] = await Promise.all([
    import('../language/load.ts'),
    import('../language/bind.ts'),
    import('./permissions-document.ts'),
    loadOptions(io),
  ]);
  const loaded = loadPolicies(paths, options);
  if (loaded.errors.length > 0) return printValidation(loaded, format, io);
  const settings = { name: deploymentName(stage), enforcement };
  const document = permissionsDocument(bindAll(loaded.policies, options), settings, bindSafety(loaded.safety));
  if (format === 'json') io.stdout(json(document));
  else io.stdout((await import('./report/permissions-text.ts')).permissionsText(document, coloursFor(io)));
}
