import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { nearest } from '../../src/language/policy-error.ts';
import { parameterNames, refuseUnknownParameters, settingsOf } from '../../src/stack/settings.ts';

const alertTopicArn = 'arn:aws:sns:eu-central-1:123456789012:alerts';

test('what is left out or empty is not set', () => {
  expect(settingsOf('guardrail-prod', { alertEmail: 'team@example.com', operationsEmail: '' })).toEqual({
    name: 'guardrail-prod',
    alertEmail: 'team@example.com',
  });
});

test('all that may be set', () => {
  const all = {
    alertEmail: 'team@example.com',
    operationsEmail: 'platform@example.com',
    alertTopicArn,
    alertTopicKeyArn: 'arn:aws-cn:kms:cn-north-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  };

  expect(settingsOf('guardrail-prod', all)).toEqual({ name: 'guardrail-prod', ...all });
});

test.each([
  ['an address without a domain', { alertEmail: 'team' }, '--param alertEmail=team: expected such as team@example.com'],
  [
    'a FIFO topic, which takes no message without a group',
    { alertTopicArn: `${alertTopicArn}.fifo` },
    `--param alertTopicArn=${alertTopicArn}.fifo: expected such as arn:aws:sns:eu-central-1:123456789012:alerts, a standard topic`,
  ],
  [
    'the alias of a key, which IAM does not know',
    { alertTopicKeyArn: 'arn:aws:kms:eu-central-1:123456789012:alias/sns' },
    '--param alertTopicKeyArn=arn:aws:kms:eu-central-1:123456789012:alias/sns: expected such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab, not an alias',
  ],
])('refuses %s', (_title, parameters, message) => {
  expect(() => settingsOf('guardrail-prod', parameters)).toThrow(new Error(message));
});

test('names all mistakes at once', () => {
  expect(() => settingsOf('guardrail-prod', { alertEmail: 'a', operationsEmail: 'b' })).toThrow(
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
      'alertEmail, alertTag, alertTopicArn, alertTopicKeyArn, logLevel, logRetentionDays, operationsEmail, policies';

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
