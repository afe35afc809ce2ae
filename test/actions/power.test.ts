import { hibernate } from '../../src/actions/hibernate.ts';
import { stop } from '../../src/actions/stop.ts';
import { terminate } from '../../src/actions/terminate.ts';
import type { AnyAction } from '../../src/domain/action.ts';
import type { ActionGiven } from '../../src/domain/given.ts';
import { planned } from './planned.ts';

const plainType = { InstanceType: 'm7i.large', InstanceStorageSupported: false } as const;

/** That anything can be done to. */
function given(instance: ActionGiven['instance'] = {}, more: Omit<ActionGiven, 'instance'> = {}): ActionGiven {
  return {
    instanceTypes: [plainType],
    ...more,
    instance: { HibernationOptions: { Configured: true }, ...instance },
  };
}

function spot(Type: 'one-time' | 'persistent', State: 'active' | 'cancelled' = 'active'): ActionGiven {
  return given(
    { InstanceLifecycle: 'spot', SpotInstanceRequestId: 'sir-1' },
    { spotRequests: [{ SpotInstanceRequestId: 'sir-1', Type, State }] },
  );
}

/** `does ...`, or what it is refused with. */
function told(action: AnyAction, world: ActionGiven, parameters = {}): string {
  const outcome = planned(action, { given: world, parameters });
  return 'refused' in outcome ? outcome.refused : `does ${outcome.plan.does}`;
}

const all = [stop, hibernate, terminate].map((action): [string, AnyAction] => [action.id, action]);
const does = (action: AnyAction) => `does ${action.id} i-0123456789abcdef0`;

describe.each(all)('%s', (_, action) => {
  it.each<[string, ActionGiven]>([
    ['launched by hand', given()],
    ['of a CloudFormation stack', given({ Tags: { 'aws:cloudformation:stack-name': 'web' } })],
    ['of an operator that does not manage it', given({ Operator: { Managed: false } })],
  ])('does it to an instance %s', (__, world) => {
    expect(told(action, world)).toBe(does(action));
  });

  it.each<[string, NonNullable<ActionGiven['instance']>, string]>([
    ['an Auto Scaling group', { Tags: { 'aws:autoscaling:groupName': 'web' } }, 'Auto Scaling group "web" would'],
    ['a fleet', { Tags: { 'aws:ec2:fleet-id': 'fleet-1' } }, 'EC2 Fleet "fleet-1" would'],
    [
      'an Auto Scaling group, though a stack made it',
      { Tags: { 'aws:cloudformation:stack-name': 'web', 'aws:autoscaling:groupName': 'w\u00f6b' } },
      'Auto Scaling group "w\\u00f6b" would',
    ],
    ['a service', { Operator: { Managed: true } }, '"a service" manages the instance'],
  ])('leaves to %s what it launched', (__, instance, refused) => {
    expect(told(action, given(instance))).toContain(refused);
    expect(told(action, given(instance))).toContain('correct it there');
  });

  it.each(['karpenter.sh/nodepool', 'eks:nodegroup-name', 'elasticbeanstalk:environment-name'])(
    'does not leave it to anybody by the tag %s, which whoever may tag an instance can set',
    (tag) => {
      expect(told(action, given({ Tags: { [tag]: 'pool' } }))).not.toContain('would launch another');
    },
  );

  it.each([
    ['has it', { InstanceType: 'm7i.large', InstanceStorageSupported: true }],
    ['is not said to have none', { InstanceType: 'm7i.large' }],
  ] as const)('loses no instance storage unless told so: the type %s', (__, type) => {
    const world = given({}, { instanceTypes: [type] });

    expect(told(action, world)).toContain('its type has instance storage, and what is on it would be lost');
    expect(told(action, world, { loseInstanceStore: true })).toBe(does(action));
  });

  it.each<[string, ActionGiven, string]>([
    ['the type', given({}, { instanceTypes: [] }), 'instance type m7i.large: not found'],
    ['the tags', given({ LaunchTime: '2026-01-01T00:59:30Z' }), 'tags: not settled yet'],
    [
      'the Spot request',
      given({ InstanceLifecycle: 'spot', SpotInstanceRequestId: 'sir-1' }),
      'Spot request sir-1: not found',
    ],
  ])('is refused while %s is not known', (__, world, refused) => {
    expect(told(action, world)).toBe(refused);
  });
});

const oneTime = 'its Spot request is one-time, and it can not be stopped: use quarantine or terminate';
const ephemeral = 'its root volume is on instance storage';

test.each<[string, AnyAction, ActionGiven, string]>([
  ['stop', stop, spot('one-time'), oneTime],
  ['stop', stop, spot('persistent'), does(stop)],
  ['hibernate', hibernate, spot('one-time'), oneTime],
  ['terminate', terminate, spot('one-time'), does(terminate)],
  ['terminate', terminate, spot('persistent'), 'sir-1 is persistent and would launch another instance'],
  ['terminate', terminate, spot('persistent', 'cancelled'), does(terminate)],
  ['stop', stop, given({ RootDeviceType: 'instance-store' }), `${ephemeral}, and it can not be stopped`],
  ['hibernate', hibernate, given({ RootDeviceType: 'instance-store' }), `${ephemeral}, and it can not be stopped`],
  ['terminate', terminate, given({ RootDeviceType: 'instance-store' }), `${ephemeral}, and would be lost`],
  ['stop', stop, given({}, { protection: { stop: true, termination: false } }), 'disableApiStop'],
  ['stop', stop, given({}, { protection: { stop: false, termination: true } }), does(stop)],
  ['hibernate', hibernate, given({}, { protection: { stop: true, termination: false } }), 'disableApiStop'],
  ['terminate', terminate, given({}, { protection: { stop: true, termination: false } }), 'disableApiStop'],
  ['terminate', terminate, given({}, { protection: { stop: false, termination: true } }), 'disableApiTermination'],
  ['hibernate', hibernate, given({ HibernationOptions: {} }), 'it was not launched for hibernation: use stop'],
])('%s %#', (_, action, world, expected) => {
  expect(told(action, world)).toContain(expected);
});

test('an instance whose root volume is on instance storage is terminated where its data may go, never stopped', () => {
  const world = given({ RootDeviceType: 'instance-store' });

  expect(told(terminate, world, { loseInstanceStore: true })).toBe(does(terminate));
  expect(told(stop, world, { loseInstanceStore: true })).toContain('it can not be stopped');
});
