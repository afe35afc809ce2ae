import type { Json } from '../../src/domain/json.ts';
import { drainRules, MAX_PATTERN_LENGTH } from '../../src/stack/event-rules.ts';
import { partsOf } from '../../src/stack/parts.ts';
import type { Settings } from '../../src/stack/settings.ts';
import { tampering, tamperRules } from '../../src/stack/tampering.ts';

const name = 'ec2-guardrail-test';
const watched = [
  'StateChangeRule',
  'ApiCallRule1',
  'ProbeRule',
  'SweepEventsRuleSchedule1',
  'SweepEventsRuleSchedule2',
];

interface Target {
  readonly Arn: Json;
  readonly InputTransformer: {
    readonly InputPathsMap: Readonly<Record<string, string>>;
    readonly InputTemplate: string;
  };
}

function rulesOf(settings: Settings = { name }, ids = watched, parts = partsOf([])) {
  return Object.entries(tampering(settings, ids, parts)).map(([id, { Properties }]) => ({
    id,
    name: Properties.Name,
    pattern: Properties.EventPattern,
    target: (Properties.Targets as unknown as readonly [Target])[0],
  }));
}

/** Names as long as CloudFormation can make them of a stack's and a resource's. */
function longestNameOf(id: string): string {
  const stack = 56;
  if (id === 'AWS::AccountId') return '123456789012';
  if (/^(?:Inspect|Drain)EventSourceMapping/.test(id)) return 'u'.repeat(36);
  if (id.endsWith('Topic'))
    return `arn:aws-us-gov:sns:us-gov-west-1:123456789012:${'t'.repeat(stack + id.length + 15)}`;
  if (id.endsWith('Queue')) return 'q'.repeat(80);
  if (id.endsWith('Table')) return 't'.repeat(stack + id.length + 15);
  return 'r'.repeat(64);
}

function filledIn(value: Json | undefined): unknown {
  return JSON.parse(JSON.stringify(value), (_key, part) => {
    if (part?.Ref !== undefined) return longestNameOf(part.Ref);
    if (part?.['Fn::GetAtt'] !== undefined) return longestNameOf(part['Fn::GetAtt'][0]);
    return part?.['Fn::Join'] === undefined ? part : part['Fn::Join'][1].join(part['Fn::Join'][0]);
  });
}

test('every rule that tells of tampering is made, by the ids that others know', () => {
  expect(rulesOf().map(({ id }) => id)).toEqual(tamperRules);
});

test('no pattern is longer than EventBridge takes, however long the names are, and with several rules of API calls', () => {
  const ids = [...watched, 'ApiCallRule2', 'ApiCallRule3'];
  const lengths = rulesOf({ name: 'n'.repeat(56) }, ids).map(({ pattern }) => JSON.stringify(filledIn(pattern)).length);

  expect(Math.max(...lengths)).toBeLessThanOrEqual(MAX_PATTERN_LENGTH);
});

test('what drains is watched where a policy drains, and the patterns still fit', () => {
  const ids = [...watched, 'ApiCallRule2', 'TickRule', ...Object.keys(drainRules)];
  const parts = partsOf([{ rule: 'spot-interruption' }]);
  const patterns = rulesOf({ name: 'n'.repeat(56) }, ids, parts).map(({ pattern }) => filledIn(pattern));
  const made = JSON.stringify(rulesOf({ name }, ids, parts).map(({ pattern }) => pattern));

  expect(Math.max(...patterns.map((pattern) => JSON.stringify(pattern).length))).toBeLessThanOrEqual(
    MAX_PATTERN_LENGTH,
  );
  for (const id of [...Object.keys(drainRules), 'DrainRole', 'DrainEventSourceMappingSQSDrainQueue'])
    expect(made).toContain(JSON.stringify({ Ref: id }));
  for (const id of ['DrainQueue', 'DrainDeadLetterQueue'])
    expect(made).toContain(JSON.stringify({ 'Fn::GetAtt': [id, 'QueueName'] }));
  expect(made).toContain(`"functionName":["${name}-inspect",{"suffix":":${name}-inspect"}`);
  expect(made).toContain(`"${name}-drain",{"suffix":":${name}-drain"}`);
  expect(JSON.stringify(rulesOf())).not.toMatch(/drain/i);
});

test('names that are given fit into what EventBridge takes, whatever the deployment is called', () => {
  for (const rule of rulesOf({ name: 'n'.repeat(56) }))
    expect(JSON.stringify(rule.name ?? '').length - 2).toBeLessThanOrEqual(64);
});

test('every rule of the deployment is watched by its name, those that watch too', () => {
  const names = [
    ...[...watched, 'FunctionTampering', 'DeliveryTampering', 'AccountTampering'].map((Ref) => ({ Ref })),
    `${name}-rules`,
    `${name}-targets`,
  ];
  const [rules, targets] = rulesOf();

  expect([rules?.name, targets?.name]).toEqual([`${name}-rules`, `${name}-targets`]);
  expect(rules?.pattern).toMatchObject({ detail: { requestParameters: { name: names } } });
  expect(targets?.pattern).toMatchObject({ detail: { requestParameters: { rule: names } } });
});

test.each<[string, object]>([
  [
    'FunctionTampering',
    {
      eventName: ['DeleteTable'],
      requestParameters: {
        tableName: [{ Ref: 'FindingsTable' }, { suffix: { 'Fn::Join': ['', ['/', { Ref: 'FindingsTable' }]] } }],
      },
    },
  ],
  ['AccountTampering', { eventName: ['DeleteTrail', 'PutEventSelectors', 'StopLogging', 'UpdateTrail'] }],
])('%s tells of these calls: %j', (id, calls) => {
  const pattern = rulesOf().find((rule) => rule.id === id)?.pattern;

  expect(pattern).toMatchObject({ detail: { $or: expect.arrayContaining([calls]) } });
});

test('with a topic of your own, only ours is watched', () => {
  const settings = { name, alertTopicArn: 'arn:aws:sns:eu-central-1:123456789012:alerts' };

  expect(JSON.stringify(rulesOf(settings))).not.toContain('AlertsTopic');
});

describe.each(rulesOf())('$id', ({ target }) => {
  const { InputPathsMap, InputTemplate } = target.InputTransformer;

  test('goes straight to the operations topic', () => {
    expect(target.Arn).toEqual({ Ref: 'OperationsTopic' });
  });

  test('is text in lines, each in quotation marks, with no gap that nothing fills', () => {
    const lines = InputTemplate.split('\n').map((line): unknown => JSON.parse(line));
    const gaps = [...InputTemplate.matchAll(/<(\w+)>/g)].map(([, variable]) => variable);

    expect(lines.every((line) => typeof line === 'string')).toBe(true);
    expect(new Set(gaps)).toEqual(new Set(Object.keys(InputPathsMap)));
  });

  // EventBridge takes letters and digits alone for variables from CloudFormation, and of JSON path what is matched here.
  test('reads from the event by paths that EventBridge understands', () => {
    for (const [variable, path] of Object.entries(InputPathsMap))
      expect([variable, path]).toEqual([
        expect.stringMatching(/^[a-zA-Z0-9]+$/),
        expect.stringMatching(/^\$(\.\w+)+(\[0\])?$/),
      ]);
  });
});

/** What EventBridge makes of a template: a field that is not there leaves nothing. */
function textOf(id: string, event: object): string {
  const rule = rulesOf().find((one) => one.id === id);
  const { InputPathsMap = {}, InputTemplate = '' } = rule?.target.InputTransformer ?? {};
  return InputTemplate.replace(/<(\w+)>/g, (_gap, variable) => {
    const keys = (InputPathsMap[variable] ?? '').replace('[0]', '.0').split('.').slice(1);
    const found = keys.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], event);
    return typeof found === 'string' ? found : '';
  });
}

const record = {
  eventSource: 'sqs.amazonaws.com',
  eventName: 'PurgeQueue',
  eventTime: '2026-03-02T09:15:02Z',
  eventID: '1338bf78-9583-4f79-ad29-82b689b50d32',
  sourceIPAddress: '203.0.113.7',
  userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::123456789012:user/jane' },
  requestParameters: { queueUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/live' },
};
const event = { account: '123456789012', region: 'eu-central-1', detail: record };

test('what is told names who did what, when and from where', () => {
  expect(
    textOf('DeliveryTampering', event),
  ).toBe(`"ec2-guardrail-test: PurgeQueue was called, by which the guardrail can be silenced."
"What: PurgeQueue of sqs.amazonaws.com on https://sqs.eu-central-1.amazonaws.com/123456789012/live"
"Who: IAMUser arn:aws:iam::123456789012:user/jane"
"By way of (invokedBy): "
"When: 2026-03-02T09:15:02Z"
"From: 203.0.113.7"
"Account and Region: 123456789012, eu-central-1"
"Record in CloudTrail: 1338bf78-9583-4f79-ad29-82b689b50d32"
"If invokedBy is cloudformation.amazonaws.com, CloudFormation called: for a deployment, or for a person."`);
});

test('a call of CloudFormation is told, and that it was CloudFormation', () => {
  const userIdentity = { ...record.userIdentity, invokedBy: 'cloudformation.amazonaws.com' };
  const requestParameters = { functionName: 'ec2-guardrail-test-inspect' };
  const text = textOf('FunctionTampering', { ...event, detail: { ...record, userIdentity, requestParameters } });

  expect(text).toContain('"By way of (invokedBy): cloudformation.amazonaws.com"');
  expect(text).toContain(' on ec2-guardrail-test-inspect"');
});

test('a trail is named, whichever field its call has for it', () => {
  const told = ['name', 'trailName'].map((field) =>
    textOf('AccountTampering', { ...event, detail: { ...record, requestParameters: { [field]: 'audit' } } }),
  );

  for (const text of told) expect(text).toContain(' on audit"');
});

test('of several alarms that are deleted at once the first is named', () => {
  const requestParameters = { alarmNames: ['ec2-guardrail-test-probe-missing', 'ec2-guardrail-test-rules'] };

  expect(textOf('DeliveryTampering', { ...event, detail: { ...record, requestParameters } })).toContain(
    ' on ec2-guardrail-test-probe-missing"',
  );
});
