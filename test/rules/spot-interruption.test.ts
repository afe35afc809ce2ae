import { known, unknown } from '../../src/domain/facts.ts';
import { defaultNow, type Given, inspected } from '../../src/domain/given.ts';
import { judge } from '../../src/domain/judge.ts';
import { policyFor } from '../support/policies.ts';

const now = new Date(defaultNow);

function judged(notice: Given['notice'], parameters: object = {}) {
  const given: Given = notice === undefined ? {} : { notice };
  return judge(policyFor('spot-interruption', parameters), inspected(given, now), now);
}

test('a notice says what EC2 does until when, and the evidence has both', () => {
  expect(judged({ kind: 'interruption', action: 'stop', at: '2026-01-01T01:00:03.250Z' })).toMatchObject({
    compliance: 'NON_COMPLIANT',
    reason: 'EC2 will stop the instance at 2026-01-01T01:02:03Z',
    fix: 'take i-0123456789abcdef0 out of service before 2026-01-01T01:02:03Z, and let another take its place',
    evidence: {
      kind: 'interruption',
      action: 'stop',
      at: '2026-01-01T01:00:03.250Z',
      deadline: '2026-01-01T01:02:03.250Z',
    },
  });
});

test('a recommendation names no end', () => {
  expect(judged({ kind: 'rebalance', at: '2026-01-01T01:00:00Z' })).toMatchObject({
    fix: 'take i-0123456789abcdef0 out of service, and let another take its place',
    evidence: { kind: 'rebalance', at: '2026-01-01T01:00:00Z' },
  });
});

test.each(['leaving-group', 'ending', 'running'] as const)('%s is no notice that a policy could tell', (kind) => {
  expect(judged({ kind })).toMatchObject({
    compliance: 'NOT_APPLICABLE',
    reason: `the policy does not tell notices of ${kind}`,
  });
});

test('only the notices that the policy names count', () => {
  const compliance = (kind: 'interruption' | 'reservation') =>
    judged({ kind }, { notices: ['reservation'] })?.compliance;

  expect([compliance('interruption'), compliance('reservation')]).toEqual(['NOT_APPLICABLE', 'NON_COMPLIANT']);
});

test('what AWS Health says is quoted', () => {
  const parameters = { notices: ['health'] };

  expect(judged({ kind: 'health', text: 'retire\u202e\n' }, parameters)?.reason).toBe(
    String.raw`AWS Health has planned "retire\u202e\n"`,
  );
  expect(judged({ kind: 'health' }, parameters)?.reason).toBe('AWS Health has planned something');
});

test('a notice that can not be read is no notice that there is not', () => {
  const policy = policyFor('spot-interruption', {});
  const { instance, facts } = inspected({}, now);
  const lost = unknown({ what: 'notice', why: 'failed' });

  expect(judge(policy, { instance, facts: { ...facts, notice: lost } }, now)?.compliance).toBe('INSUFFICIENT_DATA');
  expect(judge(policy, { instance, facts: { ...facts, notice: known('none') } }, now)?.compliance).toBe(
    'NOT_APPLICABLE',
  );
});

test('an instance that is gone needs no drain', () => {
  const given: Given = { instance: { State: { Name: 'shutting-down' } }, notice: { kind: 'interruption' } };

  expect(judge(policyFor('spot-interruption', {}), inspected(given, now), now)).toMatchObject({
    compliance: 'NOT_APPLICABLE',
    reason: 'instance is shutting-down',
  });
});

test.each([{ notices: [] }, { notices: ['running'] }])('refuses %j', (parameters) => {
  expect(() => judged(undefined, parameters)).toThrow();
});
