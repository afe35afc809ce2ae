import type { Command } from 'commander';
import { type Controls, type EnforcedPolicy, promoted } from '../domain/controls.ts';
import {
  addDeploymentOptions,
  changeDeployed,
  type DeploymentOptions,
  howToFindTheTable,
  openTable,
  readAllOf,
  whyUnknown,
} from './deployed.ts';
import type { CommandIo } from './io.ts';
import { policyNameOf } from './options.ts';
import { coloursFor } from './output/colours.ts';
import type { FindingStep } from './output/promotion-text.ts';
import type { StoredFinding } from './report/document.ts';
import { findingsIn } from './stored-findings.ts';

const help = `
When a policy is first deployed in mode enforce, or what it demands is changed, violations that stand already are its baseline:
they are told, and left alone. This lets them be acted on, each with its whole grace from now on. Without --yes it shows what
would come of it, as things stood at the last look, and writes nothing.

It needs dynamodb:Scan on the table, with --yes also dynamodb:BatchGetItem and dynamodb:PutItem, and dynamodb:ListTables to find
it by the stage: with --table it does not look for it.
${howToFindTheTable}

Exits with 0; with 2 when no such policy is known to enforce, or it could not be read or written.

Examples:
  ec2-guardrail promote no-open-ssh --region eu-central-1
  ec2-guardrail promote no-open-ssh --region eu-central-1 --yes`;

interface PromoteOptions extends DeploymentOptions {
  readonly yes?: true;
}

/** Adds `promote`: lets the baseline of a policy be acted on. */
export function addPromoteCommand(program: Command, io: CommandIo): void {
  addDeploymentOptions(program.command('promote'))
    .summary('let the baseline of a policy be acted on')
    .description('Lets what stood before a policy was enforced be acted on, as what came later is.')
    .argument('<POLICY>', 'its name', policyNameOf)
    .option('--yes', 'do it; left out: only show what would come of it')
    .addHelpText('after', help)
    .action((policy: string, options: PromoteOptions) => promote(policy, options, io));
}

async function promote(policy: string, options: PromoteOptions, io: CommandIo): Promise<void> {
  const table = await openTable(options, io);
  const { records, controls } = await readAllOf(table, options, io);
  const enforced = await enforcedIn(controls, policy);
  const leftAlone = findingsIn(records).flatMap((finding) => leftAloneOf(finding, policy));
  const at = io.now();
  if (options.yes && leftAlone.length > 0) {
    const { after } = await changeDeployed(table, options, (now) => promoted(now, policy, at.toISOString()) ?? now);
    await enforcedIn(after, policy);
  }
  const { promotionText } = await import('./output/promotion-text.ts');
  io.stdout(
    promotionText(
      { policy, enforced, leftAlone, table: table.deployment.tableName, isWritten: options.yes ?? false, controls },
      at,
      coloursFor(io),
    ),
  );
}

async function enforcedIn(controls: Controls | undefined, policy: string): Promise<EnforcedPolicy> {
  const known = controls?.policies ?? {};
  const enforced = Object.hasOwn(known, policy) ? known[policy] : undefined;
  if (enforced === undefined) throw new Error(await whyUnknown(Object.keys(known), policy));
  return enforced;
}

function leftAloneOf(finding: StoredFinding, policy: string): readonly FindingStep[] {
  if (finding.policy !== policy || finding.status !== 'open') return [];
  return (finding.steps ?? []).filter(({ held }) => held?.by === 'baseline').map((step) => ({ finding, step }));
}
