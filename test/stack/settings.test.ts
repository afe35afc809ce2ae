import { settingsOf } from '../../src/stack/settings.ts';

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
