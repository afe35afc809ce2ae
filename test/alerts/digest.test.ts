import { renderDigest } from '../../src/alerts/digest.ts';
import { bytesOf } from '../../src/alerts/message.ts';
import type { Alert, Cause } from '../../src/domain/alert.ts';
import type { Finding } from '../../src/domain/finding.ts';
import { alertOf, forms, noOwner, now, openSsh, sampleAlert } from './sample.ts';

const cause: Cause = { key: 'launch:r-1', text: 'launch r-1', eventTime: '2026-03-02T09:15:02.000Z' };

function alerts(count: number, more: (n: number) => Alert = () => alertOf('opened')): readonly Alert[] {
  return Array.from({ length: count }, (_, n) => {
    const alert = more(n);
    const instanceId = `i-${n}`;
    return {
      ...alert,
      id: `a-${n}`,
      subject: { type: 'instance' as const, id: instanceId },
      instance: { ...alert.instance, instanceId },
    };
  });
}

interface Content {
  readonly policies: readonly { readonly policy: string }[];
  readonly alerts: readonly { readonly id: string; readonly instance: { readonly instanceId: string } }[];
  readonly alertsOmitted: number;
}

function contentOf(message: { readonly Message: string }): Content {
  return JSON.parse(forms(message).sqs) as Content;
}

test('many subjects with one cause are one message', () => {
  const given = alerts(12, (n) =>
    n === 0 ? { ...sampleAlert, observedAt: '2026-03-02T09:17:00.000Z' } : alertOf('opened'),
  );
  const message = renderDigest(given, cause, { now });

  expect(message.Subject).toBe('[CRITICAL] no-open-ssh (+1): 12 instances in us-east-1, launch r-1');
  expect(forms(message).email).toBe(`CRITICAL: no-open-ssh and 1 more on 12 instances in us-east-1

Cause      launch r-1, at 2026-03-02 09:15:02 UTC
Account    123456789012, us-east-1
Looked     from 2026-03-02 09:16:00 UTC to 2026-03-02 09:17:00 UTC

no-open-ssh (critical): opened on 12 instances
   SSH is reachable from the company network only.
   On         i-0, i-1, i-2, i-3, i-4 and 7 more
   Why        port 22 is open to any address: sg-0a1b2c3d4e5f60718 admits tcp
              22 from 0.0.0.0/0
   To do      revoke sgr-0a1b2c3d4e5f60718 of sg-0a1b2c3d4e5f60718, or narrow
              its source to your own network
   Mode       observe: nothing was done, and nothing will be.
   Policy     policies/no-open-ssh/policy.yml, 5e884898da28

required-tags (low): resolved on 1 instance
   Every instance names its owner and its cost centre.
   On         i-0
   Was        tag CostCentre is missing
   Policy     policies/required-tags/policy.yml, 2bb80d537b1d

Instances
   i-0 "web-1" m7i.large: opened no-open-ssh f-3b1f0c9a7e42, resolved
      required-tags f-9d02aa51b6c3
${Array.from({ length: 11 }, (_, n) => `   i-${n + 1} "web-1" m7i.large: opened no-open-ssh f-3b1f0c9a7e42\n`).join('')}`);
});

test('where reasons differ, one of them is an example, and is said to be one', () => {
  const given = alerts(11, (n) => alertOf('opened', { ...noOwner, reason: `tag k${n} is missing` }));

  expect(forms(renderDigest(given, cause, { now })).email).toContain(
    '   Example    i-0 "web-1"\n   Why        tag k0 is missing\n',
  );
});

test('a line says what was refused, and why in a few words', () => {
  const why = 'its type has instance storage, and what is on it would be lost: save what is needed, then do it by hand';
  const steps: Finding['steps'] = [
    { action: 'stop', planned: { refused: why }, held: { by: 'refused', why } },
    { action: 'start', planned: { refused: 'x', isOfOtherState: true }, held: { by: 'refused', why: 'x' } },
  ];
  const given = alerts(2, () => alertOf('opened', { ...noOwner, steps }));

  expect(forms(renderDigest(given, cause, { now })).email.replaceAll(/\s+/g, ' ')).toContain(
    'opened required-tags f-9d02aa51b6c3 (stop refused: its type has instance storage, and what is on it would be lo…)',
  );
});

test('what the clock brought and an action ended is told as done, behind what is left', () => {
  const act = {
    action: 'stop',
    at: openSsh.openedAt,
    does: 'stop i-1',
    outcome: 'done',
    mends: true,
    calls: [],
    undo: [],
  } as const;
  const ended = { ...openSsh, origin: 'schedule', acts: [act] } as const;
  const subject = (some: readonly Finding[]) =>
    renderDigest(
      alerts(some.length, (n) => alertOf('opened', some[n])),
      cause,
      { now },
    ).Subject;

  expect(subject([ended, ended])).toBe('[ACTED] no-open-ssh: 2 instances in us-east-1, launch r-1');
  expect(subject([ended, { ...noOwner, origin: 'schedule' }])).toBe(
    '[LOW] required-tags (+1): 2 instances in us-east-1, launch r-1',
  );
  expect(subject([{ ...ended, origin: 'drift' }])).toMatch(/^\[CRITICAL\]/);
});

test('a digest of what was resolved says so', () => {
  const { Subject } = renderDigest(
    alerts(11, () => alertOf('resolved')),
    cause,
    { now },
  );

  expect(Subject).toBe('[RESOLVED] no-open-ssh: 11 instances in us-east-1, launch r-1');
});

test('its JSON form holds every alert', () => {
  const content = contentOf(renderDigest(alerts(12), cause, { now }));

  expect(content).toEqual(
    expect.objectContaining({
      version: 1,
      kind: 'digest',
      topic: 'alerts',
      accountId: '123456789012',
      region: 'us-east-1',
      cause,
      subjects: 12,
    }),
  );
  expect(content.alerts.map(({ id }) => id)).toEqual(alerts(12).map(({ id }) => id));
  expect(content).not.toHaveProperty('alertsOmitted');
});

test('its JSON form says once what the findings of a policy share', () => {
  const {
    policies,
    alerts: [first],
  } = contentOf(renderDigest(alerts(12), cause, { now }));
  const { id, policy, rule, severity, description, mode, source, reason, fix } = openSsh;

  expect(policies).toEqual([
    { policy, rule, severity, description, mode, source, example: { instanceId: 'i-0', fix } },
  ]);
  expect(first).toEqual({
    id: 'a-0',
    subject: { type: 'instance', id: 'i-0' },
    instance: { ...sampleAlert.instance, instanceId: 'i-0' },
    observedAt: sampleAlert.observedAt,
    entries: [{ change: 'opened', finding: { id, policy, severity, reason, fix } }],
  });
});

test('a hundred instances with five policies each have room in it', () => {
  const reasons = [
    'SSH (tcp/22) is open to 0.0.0.0/0 by sg-0aaaaaaaaaaaaaaa1',
    'Owner is missing; Environment is missing',
    'volume vol-0e5d046d2ce7b1f0d (/dev/xvda, 8 GiB) is not encrypted',
    'c3.large is not approved: it is none of c7g.*, c7i.*, m7i.*',
    'key "\\uc774\\ub984": U+C774 (Hangul) at index 0, U+B984 (Hangul) at index 1',
  ];
  const fix = `Revoke: \`aws ec2 ${'x'.repeat(200)}\``;
  const entries = reasons.map((reason, n) => ({
    change: 'opened' as const,
    finding: { ...openSsh, policy: `approved-families-${n}`, reason, fix },
  }));
  const given = alerts(100, () => ({ ...sampleAlert, entries }));
  const content = contentOf(renderDigest(given, cause, { now }));

  expect(content).not.toHaveProperty('alertsOmitted');
  expect(content.alerts).toHaveLength(100);
  expect(content.policies).toHaveLength(5);
  expect(content.alerts[99]).toEqual({
    id: 'a-99',
    instance: { instanceId: 'i-99', tags: sampleAlert.instance.tags },
    entries: entries.map(({ change, finding: { id, policy, severity, reason } }) => ({
      change,
      finding: { id, policy, severity, reason },
    })),
  });
});

test('its attributes are those of all alerts', () => {
  const given = alerts(12, (n) => (n === 5 ? alertOf('opened', noOwner) : alertOf('opened')));
  const { MessageAttributes } = renderDigest(given, cause, { now, tagKey: 'Team' });

  expect(MessageAttributes).toEqual({
    kind: { DataType: 'String', StringValue: 'digest' },
    mode: { DataType: 'String', StringValue: 'observe' },
    policies: { DataType: 'String.Array', StringValue: '["no-open-ssh","required-tags"]' },
    rules: { DataType: 'String.Array', StringValue: '["restricted-ingress","required-tags"]' },
    severities: { DataType: 'String.Array', StringValue: '["critical","low"]' },
    account: { DataType: 'String', StringValue: '123456789012' },
    region: { DataType: 'String', StringValue: 'us-east-1' },
    Team: { DataType: 'String.Array', StringValue: '["payments"]' },
  });
});

describe('the chosen tag', () => {
  function teams(values: readonly (string | undefined)[]): unknown {
    const given = alerts(values.length, (n) => {
      const { Team: _, ...tags } = sampleAlert.instance.tags;
      const value = values[n];
      const own = value === undefined ? tags : { ...tags, Team: value };
      return { ...alertOf('opened'), instance: { ...sampleAlert.instance, tags: own } };
    });
    const attribute = renderDigest(given, cause, { now, tagKey: 'Team' }).MessageAttributes.Team;
    return attribute === undefined ? undefined : JSON.parse(attribute.StringValue);
  }

  test.each<[string, readonly (string | undefined)[], unknown]>([
    ['is the value of all of them', ['payments', 'search', 'payments', 'data'], ['payments', 'search', 'data']],
    ['leaves out those without it', [undefined, 'search', ''], ['search']],
    ['is left out where none has it', [undefined, ''], undefined],
  ])('%s', (_, values, expected) => {
    expect(teams(values)).toEqual(expected);
  });

  test('of hundreds of teams is there for each of them', () => {
    const values = Array.from({ length: 800 }, (_, n) => `team-${n}`);

    expect(teams(values)).toEqual(values);
  });

  test('of more than has room is that of the most urgent', () => {
    const given = alerts(3_000, (n) => ({
      ...(n === 2_999 ? alertOf('opened') : alertOf('opened', noOwner)),
      instance: { ...sampleAlert.instance, tags: { Team: `${n}`.padEnd(256, '\u202e') } },
    }));
    const message = renderDigest(given, cause, { now, tagKey: 'Team' });
    const shown = JSON.parse(message.MessageAttributes.Team?.StringValue ?? '') as readonly string[];

    expect(bytesOf(message)).toBeLessThan(262_144);
    expect(shown.length).toBeGreaterThan(20);
    expect(shown[0]).toMatch(/^2999/);
  });
});

describe('the one that matters most, told last', () => {
  const evil = 'i-0eeeeeeeeeeeeeeee';

  function given(count: number): readonly Alert[] {
    const last = { ...alertOf('opened'), instance: { ...sampleAlert.instance, instanceId: evil } };
    return [...alerts(count, () => alertOf('opened', noOwner)), last];
  }

  test('is named beside its policy and first among the instances', () => {
    const { email } = forms(renderDigest(given(60), cause, { now }));

    expect(
      email,
    ).toContain(`no-open-ssh (critical): opened on 1 instance\n   SSH is reachable from the company network only.
   On         ${evil}\n`);
    expect(email).toContain(`\nInstances\n   ${evil} "web-1" m7i.large: opened no-open-ssh f-3b1f0c9a7e42\n   i-0 `);
  });

  test('stays in the JSON form when others have no room', () => {
    const content = contentOf(renderDigest(given(3_000), cause, { now }));

    expect(content.alertsOmitted).toBeGreaterThan(0);
    expect(content.alerts[0]?.instance.instanceId).toBe(evil);
    expect(content.policies.map(({ policy }) => policy)).toEqual(['no-open-ssh', 'required-tags']);
  });

  test('is a violation, though something worse was resolved', () => {
    const resolved = alerts(60, () => alertOf('resolved'));
    const opened = { ...alertOf('opened', noOwner), instance: { ...sampleAlert.instance, instanceId: evil } };
    const content = contentOf(renderDigest([...resolved, opened], cause, { now }));

    expect(content.alerts[0]?.instance.instanceId).toBe(evil);
    expect(content.policies.map(({ policy }) => policy)).toEqual(['required-tags', 'no-open-ssh']);
  });
});

test('of a policy whose changes differ the instances of the strongest change are named', () => {
  const given = alerts(12, (n) => (n === 11 ? alertOf('opened') : alertOf('resolved')));
  const { email } = forms(renderDigest(given, cause, { now }));

  expect(email).toContain('no-open-ssh (critical): opened on 1 instance, resolved on 11 instances\n');
  expect(email).toContain('   On         i-11\n   Example    i-11 "web-1"\n');
});

test('a Region that is none breaks no line and hides nothing', () => {
  const scope = { accountId: '1\n2', region: 'us\u001b[2J\n\u202e' };
  const { email } = forms(
    renderDigest(
      alerts(11, () => alertOf('opened', openSsh, { scope })),
      cause,
      { now },
    ),
  );

  expect(email).toContain('Account    1\\u{a}2, us\\u{1b}[2J\\u{a}\\u{202e}\n');
  expect(email.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test.each([
  ['are very many', alerts(5_000)],
  [
    'have monstrous findings',
    alerts(200, (n) =>
      alertOf('opened', { ...openSsh, policy: `p-${n}`, reason: 'x'.repeat(50_000), evidence: 'y'.repeat(50_000) }),
    ),
  ],
  [
    'have very many findings',
    alerts(50, () => ({
      ...sampleAlert,
      entries: Array.from({ length: 2_000 }, (_, n) => ({
        change: 'opened' as const,
        finding: { ...openSsh, policy: `p-${n}` },
      })),
    })),
  ],
  ['have a monstrous cause', alerts(12)],
])('SNS takes it though the alerts %s', (_, given) => {
  const message = renderDigest(given, { ...cause, text: `${cause.text} ${'ø\n'.repeat(100_000)}` }, { now });

  expect(bytesOf(message)).toBeLessThan(262_144);
  expect(message.Subject).toMatch(/^\[CRITICAL\] [\x20-\x7e]{1,88}$/);
  expect(JSON.parse(forms(message).lambda)).toEqual(
    expect.objectContaining({ kind: 'digest', subjects: given.length }),
  );
});

test('what is not listed is counted', () => {
  const message = renderDigest(alerts(5_000), cause, { now });
  const content = contentOf(message);

  expect(forms(message).email).toContain('\n   and 4970 more instances\n');
  expect(content.alerts.length + content.alertsOmitted).toBe(5_000);
});

test('of no alerts there is still a message', () => {
  expect(renderDigest([], cause, { now }).Subject).toBe('0 instances, launch r-1');
});
