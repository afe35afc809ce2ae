import { setTimeout } from 'node:timers/promises';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { METRICS_NAMESPACE, type MetricName } from '../../src/domain/metrics.ts';
import { VISIBILITY_TIMEOUT } from '../../src/stack/queues.ts';
import { accountIn, goodTags } from './support/account.ts';
import { accountId, deployed, physicalId } from './support/deployment.ts';
import { openSsh } from './support/ec2.ts';
import { type EventSource, eventSource } from './support/event-source.ts';
import { type Otherwise, type RunningFunction, startFunction } from './support/lambda.ts';
import { changesIn, type Mailbox, mailboxOf, type Told } from './support/mailbox.ts';

const account = accountIn(deployed.region);
const sns = new SNSClient({ region: deployed.region });
const sqs = new SQSClient({ region: deployed.region, useQueueUrlAsEndpoint: false });

/** More than a message each: one digest, which has room for all of them. */
const MANY = 105;

/** The tag that is an attribute of alerts, unless the deployment was told another. */
const ALERT_TAG = 'Environment';

const running: RunningFunction[] = [];
let inspect: RunningFunction;
let sweep: RunningFunction;
let live: EventSource;
let bulk: EventSource;
let alerts: Mailbox;
let operations: Mailbox;
let alertsTopic: string;

beforeAll(async () => {
  inspect = await start('inspect');
  sweep = await start('sweep');
  live = await eventSource(await physicalId('LiveQueue'), inspect);
  bulk = await eventSource(await physicalId('BulkQueue'), inspect);
  alertsTopic = await physicalId('AlertsTopic');
  alerts = await mailboxOf(alertsTopic);
  operations = await mailboxOf(await physicalId('OperationsTopic'));
});

afterAll(() => Promise.all(running.map((one) => one.stop())));

async function start(name: 'inspect' | 'sweep', otherwise?: Otherwise): Promise<RunningFunction> {
  const started = await startFunction(name, otherwise);
  running.push(started);
  return started;
}

/** Hands over what is in the queues, and gives what subscribers of alerts got. */
async function inspected(): Promise<readonly Told[]> {
  await live.handOver();
  await bulk.handOver();
  return alerts.empty();
}

/** How long that may take for one call; a test may wait for two. */
const SETTLES_WITHIN_MS = 90_000;
const SETTLING_TEST_MS = 240_000;

/** The same until so many changes are told: what had to settle is looked at again after a minute. */
async function toldUntil(changes: number): Promise<readonly Told[]> {
  const deadline = Date.now() + SETTLES_WITHIN_MS;
  const told = [...(await inspected())];
  while (changesIn(told).length < changes && Date.now() < deadline) {
    await setTimeout(1000);
    told.push(...(await inspected()));
  }
  return told;
}

// One story, in order: each test begins with the findings and queues that those before it left.
describe('the deployed functions', () => {
  test('sum up in one message what the first sweep finds', async () => {
    const instance = await account.launchQuietly({ encrypted: false });
    await sweep.invoke({});
    const [summary, ...others] = await inspected();
    expect(others).toEqual([]);
    expect(summary).toMatchObject({
      kind: 'summary',
      sweepWas: 'complete',
      instances: 1,
      policies: [{ policy: 'encrypted-volumes', open: 1, unknown: 0 }],
      violating: [{ instanceId: instance.InstanceId, policies: ['encrypted-volumes'] }],
    });
  });

  test(
    'tell each violation of a launch, and that it is mended; of a launch that complies, nothing',
    async () => {
      const group = await account.createSecurityGroup('open', [openSsh]);
      const open = await account.launch({ securityGroupIds: [group] });
      const untagged = await account.launch({ tags: {} });
      const unencrypted = await account.launch({ encrypted: false });
      const unapproved = await account.launch({ instanceType: 'c3.large' });
      await account.launch();
      const told = await toldUntil(4);
      expect(told.flatMap(({ entries = [] }) => entries.map(({ finding }) => finding.origin))).toEqual([
        'launch',
        'launch',
        'launch',
        'launch',
      ]);
      expect(changesIn(told)).toEqual([
        `opened approved-instance-families ${unapproved}`,
        `opened encrypted-volumes ${unencrypted}`,
        `opened no-open-ssh ${open}`,
        `opened required-tags ${untagged}`,
      ]);

      await account.revokeIngress(group, openSsh);
      await account.setTags(untagged, goodTags);
      await account.encryptRootVolume(unencrypted);
      expect(changesIn(await toldUntil(3))).toEqual([
        `resolved encrypted-volumes ${unencrypted}`,
        `resolved no-open-ssh ${open}`,
        `resolved required-tags ${untagged}`,
      ]);
    },
    SETTLING_TEST_MS,
  );

  test('tell who opened which group to whom, and how to mend it', async () => {
    const group = await account.createSecurityGroup('opened-later');
    const instanceId = await account.launch({ securityGroupIds: [group] });
    expect(await inspected()).toEqual([]);
    await account.authorizeIngress(group, openSsh);
    const [alert, ...others] = await inspected();
    expect(others).toEqual([]);
    expect(alert).toMatchObject({
      kind: 'opened',
      topic: 'alerts',
      accountId,
      region: deployed.region,
      instance: { instanceId, instanceType: 'm7i.large', state: 'running', launcher: { name: 'jane' } },
      cause: { text: `AuthorizeSecurityGroupIngress on ${group}` },
      attributes: { [ALERT_TAG]: { Type: 'String', Value: goodTags[ALERT_TAG] } },
      entries: [
        {
          change: 'opened',
          finding: {
            policy: 'no-open-ssh',
            severity: 'critical',
            origin: 'drift',
            reason: expect.stringContaining(`open to 0.0.0.0/0 by ${group}`),
            fix: expect.stringContaining(`aws ec2 revoke-security-group-ingress --group-id ${group}`),
          },
        },
      ],
    });
  });

  test('tell nothing a second time when events come twice', async () => {
    const instanceId = await account.launch({ encrypted: false });
    expect(changesIn(await inspected())).toEqual([`opened encrypted-volumes ${instanceId}`]);
    await account.tellOfLaunch(instanceId);
    await account.tellOfLaunch(instanceId);
    expect(await inspected()).toEqual([]);
  });

  test('find every instance behind a group, and tell of them in one digest', async () => {
    const group = await account.createSecurityGroup('shared');
    const launches = Array.from({ length: MANY }, () => account.launchQuietly({ securityGroupIds: [group] }));
    const instances = await Promise.all(launches);
    await account.authorizeIngress(group, openSsh);
    const [digest, ...others] = await inspected();
    expect(others).toEqual([]);
    expect(digest).toMatchObject({ kind: 'digest', subjects: MANY });
    const listed = digest?.alerts?.map(({ instance }) => instance?.instanceId) ?? [];
    expect(listed).toHaveLength(MANY);
    expect(new Set(listed)).toEqual(new Set(instances.map(({ InstanceId }) => InstanceId)));
    await account.revokeIngress(group, openSsh);
    expect(await inspected()).toMatchObject([{ kind: 'digest', subjects: MANY }]);
  });

  test('fail the messages of a batch that they could not work, and no other; SQS sets them aside after five tries', async () => {
    const broken = await send(live.queueUrl, 'no JSON');
    const instanceId = await account.launch({ encrypted: false });
    const [batch] = await live.handOver();
    // Of the launch the change to `running` and the call; `pending` matches no rule.
    expect(batch).toEqual({ handled: [expect.any(String), expect.any(String)], failed: [broken] });
    expect(changesIn(await alerts.empty())).toEqual([`opened encrypted-volumes ${instanceId}`]);
    for (let tries = 2; tries <= 5; tries++) {
      await live.showFailedAgain();
      expect(await live.handOver()).toEqual([{ handled: [], failed: [broken] }]);
    }
    await live.showFailedAgain();
    expect(await live.handOver()).toEqual([]);
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: await physicalId('LiveDeadLetterQueue') }),
    );
    expect(Messages?.map(({ Body }) => Body)).toEqual(['no JSON']);
  });

  test('lose no alert while SNS refuses: the message fails, and when it comes again the alert is told', async () => {
    const environment = { ALERTS_TOPIC_ARN: alertsTopic.replace(/[^:]+$/, 'not-there-yet') };
    const refused = await eventSource(live.queueUrl, await start('inspect', { environment }));
    const instanceId = await account.launch({ encrypted: false });
    const [batch, ...others] = await refused.handOver();
    expect(batch?.handled).toEqual([]);
    expect(others).toEqual([]);

    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'not-there-yet' }));
    await alerts.subscribeTo(TopicArn);
    await refused.showFailedAgain();
    const aheadMs = VISIBILITY_TIMEOUT * 1000;
    const later = await eventSource(live.queueUrl, await start('inspect', { environment, aheadMs }));
    expect(await later.handOver()).toEqual([{ handled: batch?.failed, failed: [] }]);
    expect(changesIn(await alerts.empty())).toEqual([`opened encrypted-volumes ${instanceId}`]);
  });

  test('find in the hourly sweep what no event told of', async () => {
    const { InstanceId } = await account.launchQuietly({ encrypted: false });
    await sweep.invoke({});
    expect(changesIn(await inspected())).toEqual([`opened encrypted-volumes ${InstanceId}`]);
  });

  test('lose nothing while the table is not there: the whole batch fails, and when it comes again it is told', async () => {
    const environment = { TABLE_NAME: 'not-there' };
    const broken = await eventSource(live.queueUrl, await start('inspect', { environment }));
    const instanceId = await account.launch({ encrypted: false });
    const [batch, ...others] = await broken.handOver();
    expect(batch).toEqual({ handled: [], failed: [expect.any(String), expect.any(String)] });
    expect(others).toEqual([]);
    await broken.showFailedAgain();
    expect(changesIn(await inspected())).toEqual([`opened encrypted-volumes ${instanceId}`]);
  });

  test('answer a probe by the table alone: where it is not there, the probe is not counted, and comes again', async () => {
    const broken = await start('inspect', { environment: { TABLE_NAME: 'not-there' } });
    const viaBroken = await eventSource(live.queueUrl, broken);
    const probe = await send(live.queueUrl, '{"kind":"probe"}');
    expect(await viaBroken.handOver()).toEqual([{ handled: [], failed: [probe] }]);
    await viaBroken.showFailedAgain();
    expect(await live.handOver()).toEqual([{ handled: [probe], failed: [] }]);
    expect([probesCountedBy(broken), probesCountedBy(inspect)]).toEqual([0, 1]);
  });

  function probesCountedBy({ log }: RunningFunction): number {
    const counted = log.map((line) => JSON.parse(line)['ProbeCompleted' satisfies MetricName] ?? 0);
    return counted.reduce((sum, one) => sum + one, 0);
  }

  test('tell operators nothing while all goes well', async () => {
    expect(await operations.empty()).toEqual([]);
  });

  test('say once a week that they are alive, to operators alone', async () => {
    await sweep.invoke({ kind: 'heartbeat' });
    const [heartbeat, ...others] = await operations.empty();
    expect(others).toEqual([]);
    expect(heartbeat).toMatchObject({
      kind: 'heartbeat',
      lastSweep: { completedAt: expect.any(String), instances: expect.any(Number) },
      policies: expect.arrayContaining([{ name: 'no-open-ssh', severity: 'critical' }]),
    });
    expect(await alerts.empty()).toEqual([]);
  });

  test('log in JSON, why a message failed too, and the metric that the alarm on a missing sweep watches', () => {
    const lines = running.flatMap(({ log }) => log.map((line) => JSON.parse(line)));
    const errors = lines.filter(({ level }) => level === 'ERROR').map(({ message }) => message);
    expect(errors).toEqual(expect.arrayContaining([expect.stringMatching(/^message [\w-]+ is no JSON: /)]));
    const metric: MetricName = 'SweepCompleted';
    const completed = lines.filter((line) => line[metric] === 1);
    expect(completed).not.toEqual([]);
    for (const line of completed) {
      expect(line.service).toBe(deployed.stack);
      expect(line._aws.CloudWatchMetrics).toEqual([
        expect.objectContaining({ Namespace: METRICS_NAMESPACE, Dimensions: [['service']] }),
      ]);
    }
  });
});

async function send(QueueUrl: string, MessageBody: string): Promise<string | undefined> {
  return (await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }))).MessageId;
}
