import { readFileSync } from 'node:fs';
import { renderAlert } from '../../src/alerts/alert.ts';
import type { Finding } from '../../src/domain/finding.ts';
import type { Given } from '../../src/domain/given.ts';
import type { Json } from '../../src/domain/json.ts';
import type { AnyRule } from '../../src/domain/rule.ts';
import { requiredTags } from '../../src/rules/required-tags.ts';
import { restrictedIngress } from '../../src/rules/restricted-ingress.ts';
import { look } from '../rules/look.ts';
import { alertWith, forms, noOwner, openSsh, sampleAlert } from './sample.ts';

const page = readFileSync('docs/alerts.md', 'utf8');
const instance = { InstanceId: sampleAlert.subject.id, Tags: sampleAlert.instance.tags };
const ssh = { GroupId: 'sg-0a1b2c3d4e5f60718', IpProtocol: 'tcp', FromPort: 22, ToPort: 22 };

/** A finding of the sample with what the rule itself says of an instance. */
function told(finding: Finding, rule: AnyRule, parameters: Json, given: Given): Finding {
  const { compliance, reason, fix, evidence } = look(rule, parameters, given);
  if (compliance !== 'NON_COMPLIANT' || evidence === undefined) throw new Error(`${rule.id} finds ${compliance}`);
  return { ...finding, reason, fix, evidence };
}

const opened = told(
  openSsh,
  restrictedIngress,
  { ports: [22] },
  {
    instance,
    securityGroups: [{ GroupId: ssh.GroupId, IpPermissions: [{ ...ssh, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }] }],
    securityGroupRules: [
      { ...ssh, SecurityGroupRuleId: 'sgr-0a1b2c3d4e5f60718', IsEgress: false, CidrIpv4: '0.0.0.0/0' },
    ],
  },
);
const resolved = told(noOwner, requiredTags, { keys: [{ key: 'Owner' }, { key: 'CostCentre' }] }, { instance });

const message = renderAlert(
  alertWith([
    { change: 'opened', finding: opened },
    {
      change: 'resolved',
      finding: { ...resolved, status: 'closed', closedAs: 'resolved', closedAt: sampleAlert.observedAt },
    },
  ]),
  { now: new Date(sampleAlert.observedAt), tagKey: 'Team' },
);

function blocks(language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].flatMap(
    (match) => match[1] ?? [],
  );
}

test('the page shows an alert as it is sent', () => {
  expect(page).toContain(`Subject: \`${message.Subject}\`\n`);
  expect(blocks('text')).toEqual([forms(message).email]);
});

test('and its JSON form', () => {
  expect(JSON.parse(blocks('json').at(-1) ?? '')).toEqual(JSON.parse(forms(message).sqs));
});

test('its table names every attribute, and its filters no other', () => {
  const names = Object.keys(message.MessageAttributes).filter((name) => name !== 'Team');
  const filters = blocks('json')
    .slice(0, -1)
    .map((block) => JSON.parse(block) as object);
  const table = page.split('## To filter by')[1] ?? '';

  expect([...table.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1])).toEqual(names);
  expect(filters).toHaveLength(3);
  for (const name of filters.flatMap((filter) => Object.keys(filter))) expect([...names, 'Team']).toContain(name);
});
