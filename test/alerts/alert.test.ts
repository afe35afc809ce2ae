import { renderAlert } from '../../src/alerts/alert.ts';
import { bytesOf } from '../../src/alerts/message.ts';
import type { Change } from '../../src/domain/alert.ts';
import type { Finding } from '../../src/domain/finding.ts';
import { severities } from '../../src/domain/policy.ts';
import { parentOf } from '../../src/domain/summary.ts';
import { alertOf, alertWith, forms, noOwner, now, openSsh, sampleAlert } from './sample.ts';

const snsLimit = 262_144;

function mail(alert = sampleAlert, options = {}): string {
  return forms(renderAlert(alert, { now, ...options })).email;
}

function json(alert = sampleAlert, options = {}): Record<string, unknown> {
  return JSON.parse(forms(renderAlert(alert, { now, ...options })).sqs) as Record<string, unknown>;
}

function named(name: string, more: Partial<(typeof sampleAlert)['instance']> = {}) {
  return { instance: { ...sampleAlert.instance, ...more, tags: { ...sampleAlert.instance.tags, Name: name } } };
}

const closed: Finding = { ...openSsh, status: 'closed', closedAs: 'resolved', closedAt: '2026-03-02T10:01:00.000Z' };

const again: Finding = {
  ...openSsh,
  earlier: { firstOpenedAt: '2026-02-27T08:00:00.000Z', openings: 2, endedAt: '2026-03-02T08:30:00.000Z' },
};
const bastion = { reason: 'bastion, SEC-41', until: '2026-03-01' };

describe('the subject', () => {
  const tail = 'i-0a1b2c3d4e5f60718 web-1 in us-east-1';

  test.each<[Change, string]>([
    ['opened', `[CRITICAL] no-open-ssh: ${tail}`],
    ['changed', `[CRITICAL] no-open-ssh changed: ${tail}`],
    ['resolved', `[RESOLVED] no-open-ssh: ${tail}`],
    ['exempted', `[EXEMPTED] no-open-ssh: ${tail}`],
    ['exemption-ends', `[EXEMPTION ENDS] no-open-ssh: ${tail}`],
    ['out-of-scope', `[OUT OF SCOPE] no-open-ssh: ${tail}`],
    ['insufficient-data', `[INSUFFICIENT DATA] no-open-ssh: ${tail}`],
  ])('of what %s begins with what matters', (change, subject) => {
    expect(renderAlert(alertOf(change), { now }).Subject).toBe(subject);
  });

  test('says that it opened again', () => {
    expect(renderAlert(alertOf('opened', again), { now }).Subject).toBe(`[CRITICAL] no-open-ssh again: ${tail}`);
    expect(renderAlert(alertOf('changed', again), { now }).Subject).toBe(`[CRITICAL] no-open-ssh changed: ${tail}`);
    expect(renderAlert(alertOf('resolved', again), { now }).Subject).toBe(`[RESOLVED] no-open-ssh: ${tail}`);
  });

  test('leads with an exemption that ends before what has ended', () => {
    const alert = alertWith([
      { change: 'resolved', finding: closed },
      { change: 'exemption-ends', finding: noOwner },
    ]);

    expect(renderAlert(alert, { now }).Subject).toBe(`[EXEMPTION ENDS] required-tags (+1): ${tail}`);
  });

  test('leads with what violates, though something worse was resolved', () => {
    const alert = alertWith([
      { change: 'resolved', finding: closed },
      { change: 'opened', finding: noOwner },
    ]);

    expect(renderAlert(alert, { now }).Subject).toBe(`[LOW] required-tags (+1): ${tail}`);
  });

  test('leads with the most severe of several', () => {
    const alert = alertWith([
      { change: 'changed', finding: openSsh },
      { change: 'opened', finding: noOwner },
      { change: 'opened', finding: noOwner },
    ]);

    expect(renderAlert(alert, { now }).Subject).toBe(`[CRITICAL] no-open-ssh (+2) changed: ${tail}`);
  });

  test('of an instance without a name has its id', () => {
    const alert = alertOf('opened', openSsh, { instance: { ...sampleAlert.instance, tags: {} } });

    expect(renderAlert(alert, { now }).Subject).toBe('[CRITICAL] no-open-ssh: i-0a1b2c3d4e5f60718 in us-east-1');
  });

  test.each([
    ['other scripts', 'сервер-1', '??????-1'],
    ['an emoji', 'web 🚀', 'web ?'],
    ['line breaks and tabs', 'web\r\n[LOW] all is well\t', 'web??[LOW] all is well?'],
    ['bidirectional controls', 'web\u202e1', 'web?1'],
  ])('replaces %s', (_, name, shown) => {
    expect(renderAlert(alertOf('opened', openSsh, named(name)), { now }).Subject).toBe(
      `[CRITICAL] no-open-ssh: i-0a1b2c3d4e5f60718 ${shown} in us-east-1`,
    );
  });

  test.each([
    ['a long name', alertOf('opened', openSsh, named('web'.repeat(100)))],
    ['a long policy', alertOf('changed', { ...openSsh, policy: 'p'.repeat(300) }, named('web'.repeat(100)))],
    ['a long id', alertOf('changed', openSsh, { subject: { type: 'instance', id: 'i-'.repeat(300) } })],
    [
      'many entries',
      alertWith(
        Array.from({ length: 5_000 }, () => ({ change: 'opened' as const, finding: openSsh })),
        named('ø'.repeat(256)),
      ),
    ],
  ])('of %s is cut to what SNS takes', (_, alert) => {
    const { Subject } = renderAlert(alert, { now });

    expect(Subject).toMatch(/^\[CRITICAL\] [\x20-\x7e]+$/);
    expect(Subject.length).toBeLessThan(100);
  });

  test('gives up the name before the policy, and keeps the Region', () => {
    const { Subject } = renderAlert(alertOf('opened', openSsh, named('web'.repeat(100))), { now });

    expect(Subject).toBe(
      '[CRITICAL] no-open-ssh: i-0a1b2c3d4e5f60718 webwebwebwebwebwebwebwebwebwebwebwebweb... in us-east-1',
    );
    expect(Subject).toHaveLength(99);
  });
});

describe('the mail', () => {
  test('of an entry that opened says why, what to do and what will happen', () => {
    expect(mail(alertOf('opened')).split('\n\n')[2]).toBe(
      [
        '1. opened, critical: no-open-ssh',
        '   SSH is reachable from the company network only.',
        '   Why        port 22 is open to any address: sg-0a1b2c3d4e5f60718 admits tcp',
        '              22 from 0.0.0.0/0',
        '   To do      revoke sgr-0a1b2c3d4e5f60718 of sg-0a1b2c3d4e5f60718, or narrow',
        '              its source to your own network',
        '   Mode       observe: nothing was done, and nothing will be.',
        '   Open       since 2026-03-02 09:16:00 UTC (1 hour)',
        '   Policy     policies/no-open-ssh/policy.yml, 5e884898da28',
        '   Finding    f-3b1f0c9a7e42',
        '',
      ].join('\n'),
    );
  });

  test.each<[string, ReturnType<typeof alertOf>, readonly string[]]>([
    [
      'resolved says what it was and for how long',
      alertOf('resolved', closed),
      ['Was        port 22 is open', 'Open       for 45 minutes, from 2026-03-02 09:16:00 UTC to 2026-03-02'],
    ],
    [
      'exempt says until when and why',
      alertOf('exempted', { ...closed, exempt: { reason: 'bastion, SEC-41', until: '2027-03-31' } }),
      ['Why        port 22 is open', 'Exempt     until 2027-03-31: bastion, SEC-41'],
    ],
    [
      'about to be exempt no more says when, and what follows',
      alertOf('exemption-ends', { ...closed, exempt: { ...bastion, until: '2026-03-16', warnedDays: 14 } }),
      [
        'Why        port 22 is open',
        'Exempt     until 2026-03-16: bastion, SEC-41\n   Then       what it covers is told as a violation that opens\n   To do      revoke',
        'Violates   since 2026-03-02 09:16:00 UTC (1 hour)',
      ],
    ],
    [
      'of the launch says so',
      alertOf('opened', { ...openSsh, origin: 'launch' }),
      ['Open       since 2026-03-02 09:16:00 UTC (1 hour), from the launch on\n'],
    ],
    [
      'drift says nothing of it',
      alertOf('opened', { ...openSsh, origin: 'drift' }),
      ['Open       since 2026-03-02 09:16:00 UTC (1 hour)\n'],
    ],
    [
      'open again says how often, since when, and when it last was not',
      alertOf('opened', again),
      [
        'Again      opened for the 3rd time: first 2026-02-27 08:00:00 UTC, and last\n              closed 2026-03-02 08:30:00 UTC\n',
      ],
    ],
    [
      'no longer exempt says that the exemption has ended',
      alertOf('opened', { ...openSsh, wasExempt: bastion }),
      ['Exempt     the exemption has ended, which was until 2026-03-01: bastion,\n              SEC-41\n'],
    ],
    [
      'no longer exempt before the last day does not say that it has ended',
      alertOf('opened', { ...openSsh, wasExempt: { ...bastion, until: '2026-03-02' } }),
      ['Exempt     the exemption no longer holds, which was until 2026-03-02:\n              bastion, SEC-41\n'],
    ],
    [
      'out of scope says that it is judged no longer',
      alertOf('out-of-scope', closed),
      ["Now        the instance is outside the policy's match"],
    ],
    [
      'unknown says what is missing',
      alertOf(
        'insufficient-data',
        { ...openSsh, reason: 'x', missing: [{ what: 'volume vol-1', why: 'not-found' }] },
        { topic: 'operations' },
      ),
      ['Missing    volume vol-1: not found', 'To do      nothing yet: the hourly sweep looks again.'],
    ],
    [
      'unknown because refused says which permission it takes',
      alertOf('insufficient-data', {
        ...openSsh,
        missing: [
          {
            what: 'volume vol-1',
            why: 'denied',
            detail:
              'User: arn:aws:sts::123456789012:assumed-role/x/y is not authorized to perform: ec2:DescribeVolumes because …',
          },
        ],
      }),
      ['To do      grant ec2:DescribeVolumes to the guardrail'],
    ],
    [
      'unknown because refused without saying what',
      alertOf('insufficient-data', { ...openSsh, missing: [{ what: 'tags', why: 'denied' }] }),
      ["To do      let the guardrail's role read it"],
    ],
    [
      'unknown as stored before says its reason',
      alertOf('insufficient-data', { ...openSsh, reason: 'tags: throttled' }),
      ['Missing    tags: throttled'],
    ],
    [
      'unknown in very many ways lists some',
      alertOf('insufficient-data', {
        ...openSsh,
        missing: Array.from({ length: 12 }, (_, n) => ({ what: `volume vol-${n}`, why: 'throttled' as const })),
      }),
      ['volume vol-4: throttled', 'and 7 more'],
    ],
  ])('of what is %s', (_, alert, lines) => {
    for (const line of lines) expect(mail(alert)).toContain(`   ${line}`);
  });

  test.each<[string, Partial<(typeof sampleAlert)['instance']>, string]>([
    ['a person', { launcher: { name: 'jane' } }, 'by jane'],
    [
      'a person through a service',
      { launcher: { name: 'jane', invokedBy: 'cloudformation.amazonaws.com' } },
      'by jane through\n           cloudformation.amazonaws.com',
    ],
    [
      'a service',
      { launcher: { name: 'spotfleet.amazonaws.com', invokedBy: 'spotfleet.amazonaws.com' } },
      'by spotfleet.amazonaws.com',
    ],
    [
      'EC2 Auto Scaling',
      {
        launcher: {
          name: 'EC2 Auto Scaling',
          invokedBy: 'autoscaling.amazonaws.com',
          arn: 'arn:aws:sts::123456789012:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling',
        },
      },
      'by EC2 Auto Scaling',
    ],
  ])('says that %s launched it, and when', (_, more, by) => {
    const launched = mail(alertOf('opened', openSsh, named('web-1', more)))
      .split(/\n(?=[A-Z])/)
      .find((line) => line.startsWith('Launched'));

    expect(launched).toMatch(/^Launched {3}2026-02-27 07:59:10 UTC \(3 days ago\), /);
    expect(launched?.replaceAll(/\n +/g, ' ').endsWith(by.replaceAll(/\n +/g, ' '))).toBe(true);
  });

  test('says so when it is not known who launched it', () => {
    const { launcher: _, launchTime: __, ...instance } = sampleAlert.instance;

    expect(mail(alertOf('opened', openSsh, { instance }))).toContain('Launched   by whom is not recorded\n');
  });

  test.each([
    ['us-east-1', 'https://us-east-1.console.aws.amazon.com/ec2/home?region=us-east-1#InstanceDetails:instanceId='],
    ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn/ec2/home?region=cn-north-1#InstanceDetails:instanceId='],
    [
      'eusc-de-east-1',
      'https://eusc-de-east-1.console.amazonaws-eusc.eu/ec2/home?region=eusc-de-east-1#InstanceDetails:instanceId=',
    ],
    [
      'us-gov-west-1',
      'https://us-gov-west-1.console.amazonaws-us-gov.com/ec2/home?region=us-gov-west-1#InstanceDetails:instanceId=',
    ],
  ])('links to the console of %s', (region, link) => {
    expect(mail(alertOf('opened', openSsh, { scope: { ...sampleAlert.scope, region } }))).toContain(
      `${link}i-0a1b2c3d4e5f60718\n`,
    );
  });

  test('links to another console where the deployment says so', () => {
    expect(mail(sampleAlert, { partitionDomain: 'console.example.com' })).toContain(
      'https://us-east-1.console.example.com/ec2/',
    );
  });

  test('quotes the name of what made the instance', () => {
    const parent = parentOf(new Map([['aws:autoscaling:groupName', 'web" by AWS\n\u202e']])) ?? '';

    expect(mail(alertOf('opened', openSsh, named('web-1', { parent })))).toContain(
      'Part of    Auto Scaling group "web\\" by AWS\\n\\u{202e}"\n',
    );
  });

  test('holds every command of a fix that is longer than a sentence', () => {
    const rules = Array.from({ length: 60 }, (_, n) => `sgr-0123456789abcde${n}`).join(' ');
    const command = `\`aws ec2 revoke-security-group-ingress --security-group-rule-ids ${rules}\``;

    expect(mail(alertOf('opened', { ...openSsh, fix: `Revoke: ${command}` }))).toContain(
      `\n   To do      Revoke:\n              ${command}\n`,
    );
  });

  test('breaks off a fix between commands, and says where the others are', () => {
    const command = `\`aws ec2 ${'x'.repeat(600)}\``;
    const fix = [command, command, command, command, command].join('; ');

    expect(mail(alertOf('opened', { ...openSsh, fix })).replaceAll(/\s+/g, ' ')).toContain(
      `To do ${command}; ${command}; ${command} and 2 more commands: see \`fix\` in the JSON Mode`,
    );
  });

  test('says where a fix is whole when the JSON is cut, too', () => {
    const command = `\`aws ec2 ${'x'.repeat(300)}\``;
    const monster = { ...openSsh, fix: `Revoke: ${command}`, reason: 'x'.repeat(500_000) };

    expect(mail(alertOf('opened', monster))).toContain('Revoke: 1 command: see `fix` in the EventBridge event\n');
  });

  test('is no wider than 78 columns, but for the link', () => {
    const wide = mail()
      .split('\n')
      .filter((line) => line.length > 78);

    expect(wide).toEqual([expect.stringMatching(/^Console {4}https:/)]);
  });
});

describe('what strangers write', () => {
  const attack = 'web\n\n1. resolved, low: no-open-ssh\r\n   To do      nothing\u202e\u200b\u0007';

  test.each([
    ['a tag', alertOf('opened', openSsh, named(attack))],
    ['a reason', alertOf('opened', { ...openSsh, reason: attack })],
    ['a fix', alertOf('opened', { ...openSsh, fix: attack })],
    ['a launcher', alertOf('opened', openSsh, named('web', { launcher: { name: attack } }))],
    ['a parent', alertOf('opened', openSsh, named('web', { parent: attack }))],
    ['a Region', alertOf('opened', openSsh, { scope: { accountId: '1', region: attack } })],
    ['an account', alertOf('opened', openSsh, { scope: { accountId: attack, region: 'us-east-1' } })],
    ['an id', alertOf('opened', openSsh, named('web', { instanceId: attack }))],
    ['a cause', alertOf('opened', openSsh, { cause: { key: 'x', text: attack } })],
    [
      'what is missing',
      alertOf('insufficient-data', { ...openSsh, missing: [{ what: attack, why: 'failed', detail: attack }] }),
    ],
    [
      'the reason of an exemption',
      alertOf('exempted', { ...openSsh, exempt: { reason: attack, until: '2027-01-01' } }),
    ],
    [
      'the reason of an exemption that ends',
      alertOf('exemption-ends', { ...openSsh, exempt: { reason: attack, until: '2027-01-01' } }),
    ],
    [
      'the reason of an exemption that has ended',
      alertOf('opened', { ...openSsh, wasExempt: { reason: attack, until: '2026-01-01' } }),
    ],
  ])('as %s breaks no line and hides nothing', (_, alert) => {
    const text = mail(alert);

    expect(text.split('\n').filter((line) => /^\d+\. /.test(line))).toHaveLength(1);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text).toContain('\\u{202e}\\u{200b}\\u{7}');
  });

  test('stays as text where it is text', () => {
    expect(mail(alertOf('opened', openSsh, named('сервер 🚀 "a"')))).toContain('Name       "сервер 🚀 \\"a\\""\n');
  });

  test('is cut where it is long', () => {
    expect(mail(alertOf('opened', openSsh, named('n'.repeat(5_000))))).toContain(`Name       "${'n'.repeat(200)}…"\n`);
  });

  test('stays exact in the JSON form', () => {
    expect(json(alertOf('opened', openSsh, named(attack)))).toEqual(
      expect.objectContaining({
        instance: expect.objectContaining({ tags: { Name: attack, Owner: 'jane@example.com', Team: 'payments' } }),
      }),
    );
  });
});

describe('the JSON form', () => {
  test('says what the mail says, and holds the evidence', () => {
    const { entries, ...alert } = sampleAlert;
    const { scope, owes: _owes, ...rest } = alert;

    expect(json()).toEqual({
      version: 1,
      kind: 'opened',
      ...rest,
      accountId: scope.accountId,
      region: scope.region,
      instance: {
        ...alert.instance,
        console:
          'https://us-east-1.console.aws.amazon.com/ec2/home?region=us-east-1#InstanceDetails:instanceId=i-0a1b2c3d4e5f60718',
      },
      entries,
    });
  });

  test('is that of SQS and Lambda, the text that of mail and all others', () => {
    const { Message } = renderAlert(sampleAlert, { now });
    const { default: other, sqs, lambda, ...rest } = JSON.parse(Message) as Record<string, string>;

    expect(other).toMatch(/^CRITICAL: /);
    expect(JSON.parse(sqs ?? '')).toEqual(json());
    expect(lambda).toBe(sqs);
    expect(rest).toEqual({ email: other });
  });
});

describe('the attributes', () => {
  function attributes(alert = sampleAlert, options = {}): Record<string, unknown> {
    const entries = Object.entries(renderAlert(alert, { now, ...options }).MessageAttributes);
    return Object.fromEntries(
      entries.map(([name, { DataType, StringValue }]) => [
        name,
        DataType === 'String' ? StringValue : JSON.parse(StringValue),
      ]),
    );
  }

  test('are what subscribers filter by', () => {
    expect(attributes(sampleAlert, { tagKey: 'Team' })).toEqual({
      kind: 'opened',
      mode: 'observe',
      policies: ['no-open-ssh', 'required-tags'],
      rules: ['restricted-ingress', 'required-tags'],
      severities: ['critical', 'low'],
      account: '123456789012',
      region: 'us-east-1',
      Team: 'payments',
    });
  });

  test('name each value once', () => {
    expect(attributes(alertWith([...sampleAlert.entries, ...sampleAlert.entries]))).toEqual(attributes());
  });

  test.each([
    ['cost:centre', 'cost-centre'],
    ['a..b', 'a.b'],
    ['.a.', 'a'],
    ['kind', 'tag-kind'],
    ['aws.region', 'tag-aws.region'],
    ['Amazon.x', 'tag-Amazon.x'],
    ['aws:autoscaling:groupName', 'aws-autoscaling-groupName'],
    ['команда', '-------'],
  ])('have the chosen tag %s as %s', (tagKey, name) => {
    const instance = { ...sampleAlert.instance, tags: { [tagKey]: 'x' } };

    expect(attributes(alertOf('opened', openSsh, { instance }), { tagKey })[name]).toBe('x');
  });

  test.each([
    ['is not there', {}],
    ['is empty', { Team: '' }],
  ])('leave the chosen tag out where it %s', (_, tags) => {
    const instance = { ...sampleAlert.instance, tags };

    expect(attributes(alertOf('opened', openSsh, { instance }), { tagKey: 'Team' })).not.toHaveProperty('Team');
  });

  test.each(['constructor', '__proto__', 'toString'])('take the tag %s for a tag', (tagKey) => {
    expect(Object.keys(attributes(sampleAlert, { tagKey }))).toHaveLength(7);
  });
});

describe('whatever an alert holds, SNS takes it', () => {
  const monsters: readonly [string, Finding][] = [
    [
      'evidence',
      {
        ...openSsh,
        evidence: { permissions: Array.from({ length: 20_000 }, (_, n) => ({ source: `10.0.${n}.0/24` })) },
      },
    ],
    ['a reason', { ...openSsh, reason: 'ы'.repeat(500_000) }],
    ['controls', { ...openSsh, reason: '\u202e'.repeat(500_000), fix: '\u0000"\\'.repeat(200_000) }],
    [
      'what is missing',
      {
        ...openSsh,
        missing: Array.from({ length: 20_000 }, (_, n) => ({
          what: `volume vol-${n}`,
          why: 'denied' as const,
          detail: 'x'.repeat(100),
        })),
      },
    ],
    ['a policy', { ...openSsh, policy: 'p'.repeat(300_000), description: 'd'.repeat(300_000) }],
  ];

  test.each(monsters)('though %s is monstrous', (_, finding) => {
    for (const change of ['opened', 'resolved', 'insufficient-data'] as const) {
      const message = renderAlert(alertOf(change, finding), { now, tagKey: 'Team' });

      expect(bytesOf(message)).toBeLessThan(snsLimit);
      expect(JSON.parse(forms(message).lambda)).toEqual(expect.objectContaining({ version: 1, kind: change }));
    }
  });

  test('though all of it is at once, ten thousand times', () => {
    const entries = Array.from({ length: 10_000 }, (_, n) => ({
      change: 'opened' as const,
      finding: { ...openSsh, ...monsters[n % monsters.length]?.[1], severity: severities[n % 4] ?? 'low' },
    }));
    const tags = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`k${n}`.repeat(50), 'v'.repeat(1_000)]));
    const message = renderAlert(alertWith(entries, { instance: { ...sampleAlert.instance, tags } }), { now });

    expect(bytesOf(message)).toBeLessThan(snsLimit);
    expect(forms(message).email).toMatch(/\n\nand \d+ more\n$/);
  });

  test('evidence goes first, and all else stays', () => {
    const alert = alertWith([{ change: 'opened', finding: monsters[0]?.[1] ?? openSsh }, ...sampleAlert.entries]);
    const { evidence: _, ...withoutEvidence } = openSsh;

    expect(mail(alert)).toContain('3. resolved, low: required-tags');
    expect(json(alert).entries).toEqual([
      { change: 'opened', finding: { ...withoutEvidence, evidenceOmitted: true } },
      { change: 'opened', finding: { ...withoutEvidence, evidenceOmitted: true } },
      sampleAlert.entries[1],
    ]);
  });

  test('then long texts are cut, and then entries', () => {
    const long = alertWith(
      Array.from({ length: 30 }, () => ({
        change: 'opened' as const,
        finding: { ...openSsh, reason: 'x'.repeat(20_000) },
      })),
    );
    const many = alertWith(Array.from({ length: 3_000 }, () => ({ change: 'opened' as const, finding: openSsh })));

    expect(json(long).entries).toHaveLength(30);
    expect(mail(long)).toContain('\n30. opened, critical: no-open-ssh\n');
    expect(json(many)).toHaveProperty('entriesOmitted', 3_000 - (json(many).entries as readonly unknown[]).length);
  });
});
