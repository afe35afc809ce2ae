import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSnapshot } from '../../src/cli/snapshot-files.ts';
import type { Aws, Input, Operation } from '../../src/domain/operations.ts';
import { failureOf } from '../../src/engine/reads.ts';
import { recordedReads } from '../../src/sandbox/recorded.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';

const small = join('test', 'fixtures', 'snapshots', 'small');

describe('readSnapshot', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'snapshot-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function write(file: string, text: string): void {
    writeFileSync(join(directory, file), text);
  }

  test('makes dates of the fields that are dates, and of nothing else', async () => {
    const { reservations, securityGroups, kmsAliases } = await readSnapshot(small);
    const instance = reservations?.[0]?.Instances?.[0];
    expect(instance?.LaunchTime).toEqual(new Date('2026-03-01T08:00:00Z'));
    expect(instance?.BlockDeviceMappings?.[0]?.Ebs?.AttachTime).toEqual(new Date('2026-03-01T08:00:01Z'));
    expect(instance?.Tags).toEqual([{ Key: 'LaunchTime', Value: '2026-03-01T08:00:00+00:00' }]);
    expect(securityGroups?.[0]?.Description).toBe('2026-03-01T08:00:00.000Z');
    expect(kmsAliases?.[0]?.CreationDate).toEqual(new Date('2026-01-01T00:00:00Z'));
  });

  test('reads prefix lists by their ids', async () => {
    const { prefixLists } = await readSnapshot(small);
    expect(prefixLists).toEqual({ 'pl-0aaaaaaaaaaaaaaaa': [{ Cidr: '203.0.113.0/24', Description: 'office' }] });
  });

  test('answers for instances of all Regions, and fails for what has no file', async () => {
    const scope = { accountId: '111122223333', region: 'eu-west-1' };
    const resources = await readSnapshot(small);
    const { aws } = createSandbox({ scope, start: new Date('2026-05-01T00:00:00Z'), resources });
    const { Reservations } = await aws('ec2:DescribeInstances', {});
    expect(Reservations?.map((one) => one.OwnerId)).toEqual(['111122223333', '444455556666']);
    await expect(aws('ec2:DescribeVolumes', {})).rejects.toMatchObject({
      name: 'NotRecorded',
      message: 'describe-volumes.json is not in the snapshot',
    });
  });

  test.each(Object.entries(recordedReads))('reads %s of its file', async (kind, { file, key }) => {
    write(recordedReads.reservations.file, '{"Reservations":[]}');
    write(file, JSON.stringify({ [key]: [{ Owner: 'jane' }] }));
    expect(await readSnapshot(directory)).toMatchObject({ [kind]: [{ Owner: 'jane' }] });
  });

  describe('attributes of an instance', () => {
    const instanceId = 'i-0123456789abcdef0';
    const fileOf = (attribute: string) => `describe-instance-attribute.${instanceId}.${attribute}.json`;
    beforeEach(() => write('describe-instances.json', '{"Reservations":[]}'));

    test('have a file each, and one without a file is not known', async () => {
      write(fileOf('disableApiStop'), `{"InstanceId":"${instanceId}","DisableApiStop":{"Value":true}}`);
      expect((await readSnapshot(directory)).instanceAttributes).toEqual({ [instanceId]: { disableApiStop: true } });
      write(fileOf('disableApiTermination'), `{"InstanceId":"${instanceId}","DisableApiTermination":{"Value":false}}`);
      expect((await readSnapshot(directory)).instanceAttributes).toEqual({
        [instanceId]: { disableApiStop: true, disableApiTermination: false },
      });
    });

    test('of many instances are read', async () => {
      for (let number = 0; number < 250; number += 1) {
        const file = `describe-instance-attribute.i-${number}.disableApiStop.json`;
        write(file, `{"InstanceId":"i-${number}","DisableApiStop":{"Value":${number % 2 === 0}}}`);
      }
      const { instanceAttributes = {} } = await readSnapshot(directory);
      expect(Object.keys(instanceAttributes)).toHaveLength(250);
      expect(instanceAttributes['i-249']).toEqual({ disableApiStop: false });
    });

    test('that nothing goes by are no part of it', async () => {
      write(fileOf('userData'), 'An error occurred');
      expect((await readSnapshot(directory)).instanceAttributes).toEqual({});
    });

    test.each([
      ['is no object', '[]'],
      ['has another attribute', `{"InstanceId":"${instanceId}","DisableApiTermination":{"Value":true}}`],
      ['has the attribute without its value', `{"InstanceId":"${instanceId}","DisableApiStop":true}`],
      ['has a value of another kind', `{"InstanceId":"${instanceId}","DisableApiStop":{"Value":"true"}}`],
      ['is of another instance', '{"InstanceId":"i-0","DisableApiStop":{"Value":true}}'],
      ['is of no instance', '{"DisableApiStop":{"Value":true}}'],
    ])('say how to record a file that %s', async (_, text) => {
      write(fileOf('disableApiStop'), text);
      await expect(readSnapshot(directory)).rejects.toThrow(
        `${join(directory, fileOf('disableApiStop'))} has no "DisableApiStop" of ${instanceId} that is true or false. Record it with: aws ec2 describe-instance-attribute --instance-id ${instanceId} --attribute disableApiStop > ${fileOf('disableApiStop')}`,
      );
    });

    test('say how to record a file that is not JSON', async () => {
      write(fileOf('disableApiStop'), 'An error occurred');
      await expect(readSnapshot(directory)).rejects.toThrow(`${fileOf('disableApiStop')} is not JSON: `);
    });
  });

  describe('what sends work to instances', () => {
    const arn = 'arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/0123456789abcdef';
    const clusterArn = 'arn:aws:ecs:eu-west-1:111122223333:cluster/shop';
    const containerInstanceArn = 'arn:aws:ecs:eu-west-1:111122223333:container-instance/shop/c1';
    const taskArn = 'arn:aws:ecs:eu-west-1:111122223333:task/shop/t1';
    const serviceArn = 'arn:aws:ecs:eu-west-1:111122223333:service/shop/front';
    const group = { AutoScalingGroupName: 'a/b: 50%', Instances: [{ InstanceId: 'i-0123456789abcdef0' }] };
    const health = { Target: { Id: 'i-0123456789abcdef0', Port: 8080 }, TargetHealth: { State: 'healthy' } };
    const printed: Readonly<Record<string, object>> = {
      'elbv2.describe-target-groups.json': { TargetGroups: [{ TargetGroupName: 'web', TargetGroupArn: arn }] },
      'elbv2.describe-target-health.web.json': { TargetHealthDescriptions: [health] },
      'elbv2.describe-target-group-attributes.web.json': { Attributes: [{ Key: 'stickiness.enabled', Value: 'true' }] },
      'elb.describe-load-balancers.json': {
        LoadBalancerDescriptions: [{ LoadBalancerName: 'old', CreatedTime: '2026-01-01T00:00:00Z' }],
      },
      'elb.describe-instance-health.old.json': { InstanceStates: [] },
      'ecs.list-clusters.json': { clusterArns: [clusterArn] },
      'ecs.describe-container-instances.shop.json': {
        containerInstances: [{ containerInstanceArn, status: 'ACTIVE', registeredAt: '2026-01-01T00:00:00Z' }],
      },
      'ecs.describe-services.shop.json': { services: [{ serviceArn }] },
      'ecs.describe-tasks.shop.json': { tasks: [{ taskArn, startedAt: '2026-01-01T00:00:00Z' }] },
      'autoscaling.describe-auto-scaling-groups.json': { AutoScalingGroups: [group] },
      'autoscaling.describe-lifecycle-hooks.a%2Fb%3A 50%25.json': { LifecycleHooks: [{ LifecycleHookName: 'drain' }] },
      'ssm.describe-instance-information.json': { InstanceInformationList: [] },
      'ssm.list-documents.json': { DocumentIdentifiers: [{ Name: 'stop-work' }] },
    };

    type Asked = { [O in Operation]: readonly [O, Input<O>] }[Operation];
    const cluster = 'shop';
    const TargetGroupArn = arn;
    const toSend = { DocumentName: 'stop-work', InstanceIds: ['i-0123456789abcdef0'] };
    const of = (name: string) => ({ AutoScalingGroupName: name });

    async function accountOf(files: readonly string[]) {
      write('describe-instances.json', '{"Reservations":[]}');
      for (const file of files) write(file, JSON.stringify(printed[file]));
      const scope = { accountId: '111122223333', region: 'eu-west-1' };
      const resources = await readSnapshot(directory);
      return createSandbox({ scope, start: new Date('2026-05-01T00:00:00Z'), resources });
    }

    const ask = (aws: Aws, [operation, input]: Asked): Promise<unknown> => aws(operation, input);

    test('has a file for each list, and for what belongs to one of its entries one by that name', async () => {
      const { aws } = await accountOf(Object.keys(printed));
      const created = new Date('2026-01-01T00:00:00Z');
      expect(await aws('elbv2:DescribeTargetGroups', {})).toMatchObject({ TargetGroups: [{ TargetGroupArn: arn }] });
      expect(await aws('elbv2:DescribeTargetHealth', { TargetGroupArn })).toEqual({
        TargetHealthDescriptions: [health],
      });
      expect(await aws('elbv2:DescribeTargetGroupAttributes', { TargetGroupArn })).toEqual({
        Attributes: [{ Key: 'stickiness.enabled', Value: 'true' }],
      });
      expect((await aws('elb:DescribeLoadBalancers', {})).LoadBalancerDescriptions).toEqual([
        { LoadBalancerName: 'old', CreatedTime: created },
      ]);
      expect(await aws('elb:DescribeInstanceHealth', { LoadBalancerName: 'old' })).toEqual({ InstanceStates: [] });
      expect((await aws('ecs:ListClusters', {})).clusterArns).toEqual([clusterArn]);
      expect(await aws('ecs:DescribeContainerInstances', { cluster, containerInstances: ['c1'] })).toMatchObject({
        containerInstances: [{ containerInstanceArn, registeredAt: created }],
      });
      expect((await aws('ecs:ListServices', { cluster })).serviceArns).toEqual([serviceArn]);
      expect((await aws('ecs:DescribeTasks', { cluster, tasks: ['t1'] })).tasks).toEqual([
        { taskArn, startedAt: created },
      ]);
      expect((await aws('autoscaling:DescribeAutoScalingGroups', {})).AutoScalingGroups).toEqual([group]);
      expect((await aws('autoscaling:DescribeLifecycleHooks', of('a/b: 50%'))).LifecycleHooks).toEqual([
        { LifecycleHookName: 'drain' },
      ]);
      await expect(aws('ssm:SendCommand', toSend)).rejects.toMatchObject({ name: 'InvalidInstanceId' });
    });

    test.each<[string, Asked]>([
      ['elbv2.describe-target-groups.json', ['elbv2:DescribeTargetGroups', {}]],
      ['elbv2.describe-target-health.web.json', ['elbv2:DescribeTargetHealth', { TargetGroupArn }]],
      ['elbv2.describe-target-group-attributes.web.json', ['elbv2:DescribeTargetGroupAttributes', { TargetGroupArn }]],
      ['elb.describe-load-balancers.json', ['elb:DescribeLoadBalancers', {}]],
      ['elb.describe-instance-health.old.json', ['elb:DescribeInstanceHealth', { LoadBalancerName: 'old' }]],
      ['ecs.list-clusters.json', ['ecs:ListClusters', {}]],
      ['ecs.describe-container-instances.shop.json', ['ecs:ListContainerInstances', { cluster }]],
      ['ecs.describe-services.shop.json', ['ecs:ListServices', { cluster }]],
      ['ecs.describe-tasks.shop.json', ['ecs:ListTasks', { cluster }]],
      ['autoscaling.describe-auto-scaling-groups.json', ['autoscaling:DescribeAutoScalingInstances', {}]],
      [
        'autoscaling.describe-lifecycle-hooks.a%2Fb%3A 50%25.json',
        ['autoscaling:DescribeLifecycleHooks', of('a/b: 50%')],
      ],
      ['ssm.describe-instance-information.json', ['ssm:SendCommand', toSend]],
      ['ssm.list-documents.json', ['ssm:SendCommand', toSend]],
    ])('is not known without %s, and no empty list', async (file, asked) => {
      const others = Object.keys(printed).filter((one) => one !== file);
      const { aws } = await accountOf(others);
      const error: unknown = await ask(aws, asked).catch((thrown: unknown) => thrown);
      expect(failureOf(error)).toEqual({ why: 'not-recorded', detail: `${file} is not in the snapshot` });
    });

    test('is drained in memory, and what it does not hold stays unknown', async () => {
      const needless = ['elbv2.describe-target-group-attributes.web.json', 'ecs.describe-tasks.shop.json'];
      const { aws, advance } = await accountOf(Object.keys(printed).filter((file) => !needless.includes(file)));
      await aws('elbv2:DeregisterTargets', { TargetGroupArn, Targets: [{ Id: 'i-0123456789abcdef0', Port: 8080 }] });
      const containerInstances = ['c1'];
      const changed = await aws('ecs:UpdateContainerInstancesState', {
        cluster,
        containerInstances,
        status: 'DRAINING',
      });
      advance(300_000);
      expect((await aws('elbv2:DescribeTargetHealth', { TargetGroupArn })).TargetHealthDescriptions).toEqual([]);
      expect(changed.containerInstances?.map((one) => one.status)).toEqual(['DRAINING']);
      await expect(aws('ecs:ListTasks', { cluster })).rejects.toMatchObject({ name: 'NotRecorded' });
    });

    test.each([
      ['ecs.list-clusters.json', '{"clusterArns":[{}]}', 'texts', 'aws ecs list-clusters'],
      [
        'elbv2.describe-target-health.web.json',
        '{"TargetHealth":[]}',
        'objects',
        'aws elbv2 describe-target-health --target-group-arn …',
      ],
    ])('says how to record %s', async (file, text, rows, command) => {
      write('describe-instances.json', '{"Reservations":[]}');
      write(file, text);
      await expect(readSnapshot(directory)).rejects.toThrow(
        new RegExp(`${file} has no list "\\w+" of ${rows} at its top\\. Record it with: ${command} > ${file}$`),
      );
    });
  });

  test('takes a file with a byte order mark', async () => {
    write('describe-instances.json', '\uFEFF{"Reservations":[]}');
    expect((await readSnapshot(directory)).reservations).toEqual([]);
  });

  test('leaves a date that is none as it stands', async () => {
    write('describe-instances.json', '{"Reservations":[{"Instances":[{"LaunchTime":"soon"}]}]}');
    expect((await readSnapshot(directory)).reservations).toEqual([{ Instances: [{ LaunchTime: 'soon' }] }]);
  });

  test('needs describe-instances.json', async () => {
    await expect(readSnapshot(directory)).rejects.toThrow(
      `${join(directory, 'describe-instances.json')} is not there. Record it with: aws ec2 describe-instances > describe-instances.json`,
    );
  });

  test('needs a folder', async () => {
    const file = join(small, 'describe-instances.json');
    await expect(readSnapshot(file)).rejects.toThrow(`${file} can't be read: a snapshot is a folder of AWS CLI output`);
  });

  test.each([
    ['is not JSON', 'An error occurred', 'is not JSON: '],
    ['is empty', '', 'is not JSON: '],
    ['has another key', '{"Instances":[]}', 'has no list "Volumes" of objects at its top.'],
    ['has a key that is inherited', '[]', 'has no list "Volumes" of objects at its top.'],
    ['holds no list', '{"Volumes":{}}', 'has no list "Volumes" of objects at its top.'],
    ['holds something else than objects', '{"Volumes":["vol-1"]}', 'has no list "Volumes" of objects at its top.'],
  ])('says how to record a file that %s', async (_, text, message) => {
    write('describe-instances.json', '{"Reservations":[]}');
    write('describe-volumes.json', text);
    const reading = readSnapshot(directory);
    await expect(reading).rejects.toThrow(`${join(directory, 'describe-volumes.json')} ${message}`);
    await expect(readSnapshot(directory)).rejects.toThrow(
      'Record it with: aws ec2 describe-volumes > describe-volumes.json',
    );
  });

  test('says how to record a prefix list', async () => {
    write('describe-instances.json', '{"Reservations":[]}');
    write('get-managed-prefix-list-entries.pl-1.json', '{}');
    await expect(readSnapshot(directory)).rejects.toThrow(
      'Record it with: aws ec2 get-managed-prefix-list-entries --prefix-list-id pl-1 > get-managed-prefix-list-entries.pl-1.json',
    );
  });
});
