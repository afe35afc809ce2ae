import { renderTrips } from '../../src/alerts/trips.ts';
import { forms } from './sample.ts';

const scope = { accountId: '123456789012', region: 'us-east-1' };
const stop = { at: '2026-03-02T09:30:00.000Z', limit: 10 };
const terminate = { at: '2026-03-02T09:45:00.000Z', limit: 5 };
const message = renderTrips(
  [
    ['stop', stop],
    ['terminate', terminate],
  ],
  scope,
);

test('says which limits were reached and when, and what to do', () => {
  expect(message.Subject).toBe('[LIMIT REACHED] stop, terminate in us-east-1');
  expect(forms(message).email).toBe(`LIMIT REACHED: nothing more of stop, terminate is done in us-east-1

Account    123456789012, us-east-1
Limit      stop: 10 an hour, reached at 2026-03-02 09:30:00 UTC
Limit      terminate: 5 an hour, reached at 2026-03-02 09:45:00 UTC
Why        More violations came due in an hour than enforcement.yml allows.
           Either many instances changed at once, or a policy is wrong.
Now        Violations are found and told as before. What is due waits: nothing
           of it is forgotten.
To do      Look at what was done:
           \`ec2-guardrail findings list --acted --region us-east-1\`. If it is
           right, \`ec2-guardrail resume --region us-east-1\`; if not,
           \`ec2-guardrail pause --reason ... --region us-east-1\` and
           \`ec2-guardrail undo <finding> --region us-east-1\`.
`);
});

test('its JSON form has every limit', () => {
  expect(JSON.parse(forms(message).sqs)).toEqual({
    version: 1,
    kind: 'limit-reached',
    topic: 'operations',
    accountId: '123456789012',
    region: 'us-east-1',
    limits: { stop, terminate },
  });
});

test('can be filtered by its kind', () => {
  expect(message.MessageAttributes).toEqual({
    kind: { DataType: 'String', StringValue: 'limit-reached' },
    account: { DataType: 'String', StringValue: '123456789012' },
    region: { DataType: 'String', StringValue: 'us-east-1' },
  });
});
