import { type Command, InvalidArgumentError } from 'commander';
import { asError } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import { hasEnded } from '../domain/judge.ts';
import type { BoundPolicy, Exemption } from '../domain/policy.ts';
import { visible, visibleLines } from '../domain/visible.ts';
import { addDeploymentOptions, type DeploymentOptions } from './deployed.ts';
import { addFindingArgument, readFinding } from './findings.ts';
import type { CommandIo } from './io.ts';
import { policiesOption, reasonOf } from './options.ts';
import { coloursFor } from './output/colours.ts';
import type { StoredFinding } from './report/document.ts';
import { kindOf } from './stored-findings.ts';

const help = `
Prints YAML and where in which file to paste it, and writes nothing. What it prints was checked, in its place, as
\`validate\` checks it. Paste it, deploy again: the violation is then still counted, and neither alerted nor acted on.
An exemption ends with its last day in UTC, which is at most a year from now: nobody remembers a longer one.

--up-to is a bound, past which the exemption does not hold: \`ec2-guardrail rules <id>\` and the rule's page have its form.
Reads as \`findings list\` does, and the policies of the working folder.
Exits with 0 when there is something to paste, 2 when there is not.

Examples:
  ec2-guardrail exempt f-3b1f0c9a7e42 --region eu-central-1 --reason 'bastion, SEC-41' --until 2027-03-31
  ec2-guardrail exempt f-3b1f0c9a7e42 --region eu-central-1 --reason 'bastion, SEC-41' --until 2027-03-31 --up-to '{ exposure: narrow }'`;

interface ExemptOptions extends DeploymentOptions {
  readonly reason: string;
  readonly until: string;
  readonly upTo?: string;
  readonly policies: string;
}

/** Adds `exempt`: the YAML that exempts the instance of a finding. */
export function addExemptCommand(program: Command, io: CommandIo): void {
  addFindingArgument(addDeploymentOptions(program.command('exempt')))
    .summary('print the YAML that exempts the instance of a finding')
    .description("Prints what to paste into a policy's file, so that the instance of a finding is exempt from it.")
    .requiredOption('--reason <text>', 'why, and who said so', reasonOf)
    .requiredOption('--until <day>', 'the last day, as YYYY-MM-DD', dayOf)
    .option('--up-to <yaml>', 'past this bound it does not hold, such as { exposure: narrow }')
    .addOption(policiesOption())
    .addHelpText('after', help)
    .action((id: string, options: ExemptOptions) => exempt(id, options, io));
}

function dayOf(text: string): string {
  const day = new Date(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text)
    throw new InvalidArgumentError('Write a day of the calendar, as YYYY-MM-DD.');
  return text;
}

/** All that can be wrong with what was typed and with the policies is told before AWS is asked. */
async function exempt(id: string, options: ExemptOptions, io: CommandIo): Promise<void> {
  checkEnd(options.until, io.now());
  const [{ loadBoundPolicies, loadOptions }, { proposeExemption }, { parse }] = await Promise.all([
    import('./load-policies.ts'),
    import('../language/exemption.ts'),
    import('yaml'),
  ]);
  const policies = await loadBoundPolicies(options.policies, io);
  if (policies === undefined) return;
  const finding = await readFinding(id, options, io);
  const policy = policyOf(finding, policies, options.policies);
  const exemption: Exemption = {
    match: { instanceIds: [finding.subject.id] },
    ...(options.upTo === undefined ? {} : { upTo: boundOf(options.upTo, parse) }),
    reason: options.reason,
    until: options.until,
  };
  const { yaml, place, errors } = proposeExemption(policy, exemption, [options.policies], await loadOptions(io));
  if (errors.length > 0) {
    const { errorsText } = await import('./output/errors.ts');
    io.stderr(errorsText(errors, coloursFor(io), 'error'));
    io.exit(2);
    return;
  }
  checkBound(policy, exemption, finding);
  const { file, hash } = policy.source;
  io.stdout(`# ${visible(file)}, ${place}:\n${yaml.trimEnd()}\n`);
  if (hash !== finding.source.hash)
    io.stderr(`${visible(file)} is ${hash}; the finding was made by ${visible(finding.source.hash)}\n`);
  io.stderr('Nothing was written. It holds once it is pasted and deployed.\n');
}

function boundOf(text: string, parse: (yaml: string) => unknown): Json {
  try {
    return parse(text) as Json;
  } catch (error) {
    throw new Error(`--up-to is no YAML: ${asError(error).message}`);
  }
}

function checkEnd(until: string, now: Date): void {
  const year = new Date(now);
  year.setUTCFullYear(now.getUTCFullYear() + 1);
  const latest = year.toISOString().slice(0, 10);
  if (hasEnded({ until }, now))
    throw new Error(
      `--until ${until} is past: an exemption holds to the end of its last day in UTC. Write a day up to ${latest}`,
    );
  if (until > latest)
    throw new Error(
      `--until ${until} is more than a year away: write ${latest} at the latest, and have it renewed then. What is to hold for good belongs into the policy's \`match\``,
    );
}

/** The policy of a violation, which alone can be exempt. */
function policyOf(finding: StoredFinding, policies: readonly BoundPolicy[], path: string): BoundPolicy {
  const { id, exempt: exemption, closedAs } = visibleLines(finding);
  const policy = policies.find(({ name }) => name === finding.policy);
  if (policy === undefined)
    throw new Error(
      `there is no policy ${visible(finding.policy)} in ${path}: name the folder that was deployed, with --policies`,
    );
  const { file } = policy.source;
  switch (kindOf(finding)) {
    case 'open':
      return policy;
    case 'exempt':
      throw new Error(
        `${id} is exempt already, until ${exemption?.until}: change \`until\` of that exemption in ${file}`,
      );
    case 'unknown':
      throw new Error(
        `${id} is no violation: it can't be said whether there is one, and an exemption would change nothing. \`ec2-guardrail explain ${id}\` says what is missing`,
      );
    case 'closed':
      throw new Error(`${id} is closed (${closedAs?.replaceAll('-', ' ')}): there is nothing to exempt`);
  }
}

/** An exemption that the violation is past already would be pasted for nothing. */
function checkBound({ boundRule }: BoundPolicy, { upTo }: Exemption, { evidence }: StoredFinding): void {
  if (upTo === undefined || boundRule.bound === undefined || evidence === undefined) return;
  if (boundRule.bound.within(upTo, evidence)) return;
  throw new Error(
    'the violation is past --up-to as it stands: the exemption would not hold. Mend it so far, or write a wider bound',
  );
}
