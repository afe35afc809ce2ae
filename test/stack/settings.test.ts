import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { nearest } from '../../src/language/policy-error.ts';
import { parameterNames, refuseUnknownParameters, settingsOf } from '../../src/stack/settings.ts';

const deployed = { name: 'guardrail-prod', region: 'eu-central-1' };
const alertTopicArn = 'arn:aws:sns:eu-central-1:123456789012:alerts';
const alertTopicKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const topicExample = `expected such as ${alertTopicArn}, a standard topic`;
const keyExample = `expected such as ${alertTopicKeyArn}, not an alias`;

test('what is left out or empty is not set', () => {
  expect(settingsOf(deployed, { alertEmail: 'team@example.com', operationsEmail: '', alertTopicArn: null })).toEqual({
    name: 'guardrail-prod',
    alertEmail: 'team@example.com',
  });
});

test.each([
  [
    'an address for alerts, another for operations',
    { alertEmail: 'team@example.com', operationsEmail: 'platform@example.com' },
  ],
  [
    'a topic with its key, an address for operations',
    { alertTopicArn, alertTopicKeyArn, operationsEmail: 'platform@example.com' },
  ],
  [
    'a multi-Region key',
    { alertTopicArn, alertTopicKeyArn: `arn:aws:kms:eu-central-1:123456789012:key/mrk-${'0a'.repeat(16)}` },
  ],
])('takes %s', (_title, parameters) => {
  expect(settingsOf(deployed, parameters)).toEqual({ name: 'guardrail-prod', ...parameters });
});

test('takes a topic of another partition, in its Region', () => {
  const inChina = { alertTopicArn: 'arn:aws-cn:sns:cn-north-1:123456789012:alerts' };

  expect(settingsOf({ ...deployed, region: 'cn-north-1' }, inChina)).toEqual({ name: 'guardrail-prod', ...inChina });
});

test.each([
  ['an address without a domain', 'alertEmail', 'team', 'expected such as team@example.com'],
  ['a name instead of an ARN', 'alertTopicArn', 'alerts', `it is no ARN; ${topicExample}`],
  [
    'a partition that is none',
    'alertTopicArn',
    'arn:aws_:sns:eu-central-1:123456789012:a',
    `it is no ARN; ${topicExample}`,
  ],
  [
    'a queue',
    'alertTopicArn',
    'arn:aws:sqs:eu-central-1:123456789012:alerts',
    `it is of the service "sqs"; ${topicExample}`,
  ],
  [
    'an account of eleven digits',
    'alertTopicArn',
    'arn:aws:sns:eu-central-1:12345678901:alerts',
    `its account "12345678901" has not 12 digits; ${topicExample}`,
  ],
  [
    'a FIFO topic, which takes no message without a group',
    'alertTopicArn',
    `${alertTopicArn}.fifo`,
    `"alerts.fifo" can't be used; ${topicExample}`,
  ],
  [
    'a subscription of a topic',
    'alertTopicArn',
    `${alertTopicArn}:1234abcd`,
    `"alerts:1234abcd" can't be used; ${topicExample}`,
  ],
  [
    'a topic of another Region',
    'alertTopicArn',
    'arn:aws:sns:us-east-1:123456789012:alerts',
    `it is in Region "us-east-1", and the deployment is in eu-central-1; ${topicExample}`,
  ],
])('refuses %s', (_title, key, value, what) => {
  expect(() => settingsOf(deployed, { [key]: value })).toThrow(new Error(`--param ${key}=${value}: ${what}`));
});

test.each([
  [
    'the alias of a key, which IAM does not know',
    'arn:aws:kms:eu-central-1:123456789012:alias/sns',
    `"alias/sns" can't be used; ${keyExample}`,
  ],
  [
    'half of a key id',
    'arn:aws:kms:eu-central-1:123456789012:key/1234abcd',
    `"key/1234abcd" can't be used; ${keyExample}`,
  ],
  [
    'a key of another Region',
    alertTopicKeyArn.replace('eu-central-1', 'eu-west-1'),
    `it is in Region "eu-west-1", and the deployment is in eu-central-1; ${keyExample}`,
  ],
])('refuses %s', (_title, value, what) => {
  expect(() => settingsOf(deployed, { alertTopicArn, alertTopicKeyArn: value })).toThrow(
    new Error(`--param alertTopicKeyArn=${value}: ${what}`),
  );
});

test('refuses an address for alerts beside a topic of yours: nothing would reach it', () => {
  expect(() => settingsOf(deployed, { alertTopicArn, alertEmail: 'team@example.com' })).toThrow(
    new Error(
      '--param alertEmail=team@example.com: would get no alerts, since they go to alertTopicArn: subscribe it to that topic yourself, or use operationsEmail for what the guardrail says of itself',
    ),
  );
});

test('refuses a key without its topic', () => {
  expect(() => settingsOf(deployed, { alertTopicKeyArn })).toThrow(
    new Error(
      `--param alertTopicKeyArn=${alertTopicKeyArn}: is the key of no topic: give alertTopicArn too, or leave this out`,
    ),
  );
});

test('a name that the functions can not bear is refused here, and not by CloudFormation', () => {
  const longest = 'n'.repeat(56);

  expect(settingsOf({ ...deployed, name: longest }, {})).toEqual({ name: longest });
  expect(() => settingsOf({ ...deployed, name: `${longest}ab` }, {})).toThrow(
    `"${longest}ab" can't be the name of the deployment: its functions' names would be longer than 64 characters; expected a --stage that is 2 characters shorter`,
  );
});

test('names all mistakes at once', () => {
  expect(() => settingsOf(deployed, { alertEmail: 'a', operationsEmail: 'b' })).toThrow(
    '--param alertEmail=a: expected such as team@example.com\n--param operationsEmail=b: expected such as platform@example.com',
  );
});

describe('parameters of the command line', () => {
  test.each<[string, readonly string[] | string | undefined]>([
    ['none', undefined],
    ['one', 'alertEmail=team@example.com'],
    ['several, one of them with a sign of its own', ['alertEmail=a=b@example.com', 'policies=ours']],
    ['all', parameterNames.map((name) => `${name}=x`)],
  ])('%s may be given', (_, given) => {
    expect(() => refuseUnknownParameters(given, nearest)).not.toThrow();
  });

  test('those that nobody reads are refused, all at once', () => {
    const all =
      'alertEmail, alertTag, alertTopicArn, alertTopicKeyArn, enforcement, logLevel, logRetentionDays, operationsEmail, policies';

    expect(() => refuseUnknownParameters(['alertemail=a@example.com', 'logLevel=INFO', 'x=1'], nearest)).toThrow(
      new Error(
        `--param alertemail: there is no such parameter; write --param alertEmail=…\n--param x: there is no such parameter; the parameters are ${all}`,
      ),
    );
  });

  test('those that may be given are the ones that serverless.yml reads', () => {
    const read = readFileSync('serverless.yml', 'utf8').matchAll(/\$\{param:(\w+)/g);

    expect([...new Set([...read].map(([, name = '']) => name))].sort()).toEqual(parameterNames);
  });

  test('those that may be given are documented', () => {
    const [, section = ''] = readFileSync('docs/deploy.md', 'utf8').split('## Parameters');
    const documented = section.split('\n## ')[0]?.matchAll(/^\| `(\w+)`/gm) ?? [];

    expect([...documented].map(([, name = '']) => name).sort()).toEqual(parameterNames);
  });

  test('a deployment with one misspelt stops', () => {
    const script = `require('./deploy/stack.cjs').resources({ options: { param: ['alertemail=a@example.com'] } })
      .then(() => console.log('deployed'), (error) => console.log(error.message))`;

    expect(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })).toBe(
      '--param alertemail: there is no such parameter; write --param alertEmail=…\n',
    );
  });
});
