import type { Command } from 'commander';
import { between, field, utc, wrapped } from '../alerts/text.ts';
import { whatHappens } from '../alerts/words.ts';
import { warnedDays } from '../domain/exemption-end.ts';
import type { Policy } from '../domain/policy.ts';
import { REMEMBERED_MS } from '../domain/reopening.ts';
import type { AnyRule } from '../domain/rule.ts';
import { visible } from '../domain/visible.ts';
import { addDeploymentOptions, type DeploymentOptions } from './deployed.ts';
import { addFindingArgument, readFinding } from './findings.ts';
import type { CommandIo } from './io.ts';
import { policiesOption } from './options.ts';
import { coloursFor } from './output/colours.ts';
import type { StoredFinding } from './report/document.ts';
import { kindOf } from './stored-findings.ts';

const help = `
Reads as \`findings list\` does, and the policies of the working folder: their parameters are shown where the file is the
one that was deployed.
Exits with 0 when there is such a finding, 2 when there is none or it could not be read.

Examples:
  ec2-guardrail explain f-3b1f0c9a7e42 --region eu-central-1
  ec2-guardrail explain f-3b1f0c9a7e42 --region eu-central-1 --profile audit --policies team/policies`;

interface ExplainOptions extends DeploymentOptions {
  readonly policies: string;
}

/** Adds `explain`: why there is a finding, and what comes of it. */
export function addExplainCommand(program: Command, io: CommandIo): void {
  addFindingArgument(addDeploymentOptions(program.command('explain')))
    .summary('say why there is a finding, and what will happen next')
    .description('Says why there is a finding: what is demanded and why, what was found, and what will happen next.')
    .addOption(policiesOption())
    .addHelpText('after', help)
    .action((id: string, options: ExplainOptions) => explain(id, options, io));
}

async function explain(id: string, options: ExplainOptions, io: CommandIo): Promise<void> {
  const [{ loadOptions }, { loadPolicies }, texts, { stringify }] = await Promise.all([
    import('./load-policies.ts'),
    import('../language/load.ts'),
    import('./output/findings-text.ts'),
    import('yaml'),
  ]);
  const finding = await readFinding(id, options, io);
  const loading = await loadOptions(io);
  const policy = loadPolicies([options.policies], loading).policies.find(({ name }) => name === finding.policy);
  const rule = loading.rules.find((one) => one.id === finding.rule);
  const isDeployed = policy?.source.hash === finding.source.hash;
  const now = io.now();
  io.stdout(
    [
      texts.headText(finding, coloursFor(io)),
      ...texts.statusFields(finding, now),
      '',
      ...ruleFields(finding, rule),
      field('Policy', policyText(finding, policy, options.policies)),
      ...(kindOf(finding) === 'open' ? [field('Mode', whatHappens(finding.mode))] : []),
      ...texts.enforcementFields(finding),
      ...nextFields(finding, now),
      ...(policy !== undefined && isDeployed
        ? ['', texts.yamlSection('Parameters', policy.parameters, stringify)]
        : []),
      ...(finding.evidence === undefined ? [] : ['', texts.yamlSection('Evidence', finding.evidence, stringify)]),
      ...(finding.evidence === undefined ? [] : evidenceLines(rule)),
      '',
    ].join('\n'),
  );
}

function ruleFields({ rule: id }: StoredFinding, rule: AnyRule | undefined): readonly string[] {
  if (rule === undefined) return [field('Rule', `${visible(id)}, which this version of ec2-guardrail does not know`)];
  return [field('Rule', `${rule.id}: ${rule.summary}`), field('Reason', rule.why), field('In general', rule.fix)];
}

/** Whether the policy in the folder is the one that was deployed. Its hash is over its own file. */
function policyText({ policy: name, source }: StoredFinding, policy: Policy | undefined, path: string): string {
  const deployed = `${visible(source.file)}, ${visible(source.hash)}`;
  if (policy === undefined)
    return `${deployed}. ${visible(path)} has no policy ${visible(name)} that is without a mistake: \`ec2-guardrail validate\` tells more`;
  const { file, hash } = policy.source;
  if (hash === source.hash) return `${deployed}: so it is here. Lists of a values.yml are as they are now`;
  return `${deployed}. ${visible(file)} has changed since, to ${hash}: it may demand something else`;
}

function nextFields(finding: StoredFinding, now: Date): readonly string[] {
  const { owed, exempt, closedAt = '', closedAs, origin } = finding;
  const telling =
    owed.length === 0
      ? []
      : [field('To tell', `${owed.map(({ id }) => visible(id)).join(', ')}: not every channel has taken it yet`)];
  const next = (text: string) => [field('Next', text), ...telling];
  switch (kindOf(finding)) {
    case 'open':
      if (origin === 'schedule')
        return next(
          'each change of the instance, the hourly sweep and the clock look again. It is told when the reason changes. It ends without a word when it was dealt with, or when the clock ends it',
        );
      return next(
        "each change of the instance and the hourly sweep look again. It is told when the reason changes, and when it ends: the instance complies, leaves the policy's match or becomes exempt. It ends without a word when the instance is terminated, or the policy is no longer deployed",
      );
    case 'unknown':
      return next("the hourly sweep looks again. As long as it can't be said, it is no violation and nothing follows");
    case 'exempt':
      return next(
        `that the exemption ends is told ${warnedDays.join(' and ')} days before, and nothing else before the end of ${visible(exempt?.until ?? '')} in UTC. If it violates then, it opens and is told`,
      );
    case 'closed': {
      const forgottenAt = new Date(Date.parse(closedAt) + REMEMBERED_MS).toISOString();
      const left =
        forgottenAt > now.toISOString() ? `in ${between(now.toISOString(), forgottenAt)}` : 'by the next look';
      const isAnew = closedAs === 'withdrawn' || origin === 'schedule';
      const again = isAnew
        ? 'A violation opens it anew, with the same id'
        : 'A violation before that opens it again, with the same id: it says so, and counts from its first opening';
      return next(`it is forgotten ${left}, at ${utc(forgottenAt)}. ${again}`);
    }
  }
}

/** What the evidence means, field by field. */
function evidenceLines(rule: AnyRule | undefined): readonly string[] {
  if (rule?.evidence === undefined) return [];
  const fields = Object.entries(rule.evidence.fields).map(([name, meaning]) =>
    wrapped(`${name}: ${meaning.replaceAll('`', '')}`, '  ', '    '),
  );
  return ['', wrapped(`What it means: ${rule.evidence.about}`), ...fields];
}
