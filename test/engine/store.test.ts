import type { BatchGetItemCommandInput, PutItemCommandInput, ScanCommandInput } from '@aws-sdk/client-dynamodb';
import type { Finding, SubjectRecord } from '../../src/domain/finding.ts';
import type { Aws, Operation } from '../../src/domain/operations.ts';
import type { Act } from '../../src/domain/steps.ts';
import {
  readAllRecords,
  readDeployment,
  readLiveRecords,
  readRecords,
  writeDeployment,
  writeRecord,
} from '../../src/engine/store.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { alertOf, openSsh } from '../alerts/sample.ts';
import { scope, start, world } from '../support/world.ts';

const id = 'i-0a1b2c3d4e5f60718';
const pk = `subject#123456789012#us-east-1#instance#${id}`;

function recordOf(more: Partial<SubjectRecord> = {}): SubjectRecord {
  return {
    subject: { type: 'instance', id },
    scope,
    version: 1,
    observedAt: '2026-03-02T09:16:00.000Z',
    instance: { instanceId: id, tags: {} },
    findings: [openSsh],
    outbox: [],
    expiresAt: '2026-04-01T09:16:00.999Z',
    ...more,
  };
}

function engineWith(faults: readonly Fault[] = []) {
  const { engine, sandbox } = world({ faults });
  const inputs = <T>(operation: Operation) =>
    sandbox.calls.filter((call) => call.operation === operation).map((call) => call.input as T);
  return { engine, sandbox, inputs };
}

describe('a write', () => {
  it('of an item that nobody wrote yet is on that condition', async () => {
    const { engine, inputs } = engineWith();
    const record = recordOf();

    expect(await writeRecord(engine, record)).toBe(true);
    expect(inputs<PutItemCommandInput>('dynamodb:PutItem')).toEqual([
      {
        TableName: 'ec2-guardrail',
        Item: {
          pk: { S: pk },
          version: { N: '1' },
          body: { S: JSON.stringify(record) },
          expiresAt: { N: '1775034960' },
          isLive: { N: '1' },
          writer: { S: expect.any(String) },
        },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    ]);
    expect(await writeRecord(engine, record)).toBe(false);
  });

  it('over an item is on the condition that it is as it was read', async () => {
    const { engine, inputs } = engineWith();
    await writeRecord(engine, recordOf());

    expect(await writeRecord(engine, recordOf({ version: 3 }))).toBe(false);
    expect(await writeRecord(engine, recordOf({ version: 2 }))).toBe(true);
    expect(inputs<PutItemCommandInput>('dynamodb:PutItem').at(-1)).toMatchObject({
      ConditionExpression: 'version = :version',
      ExpressionAttributeValues: { ':version': { N: '1' } },
      Item: { version: { N: '2' } },
    });
    expect((await readRecords(engine, [id])).get(id)?.version).toBe(2);
  });

  it('of the deployment is on condition, too', async () => {
    const { engine } = engineWith();
    const record = { version: 1, startedAt: start.toISOString(), sweepId: 'sweep-1', instances: 0 };

    expect(await writeDeployment(engine, record)).toBe(true);
    expect(await writeDeployment(engine, record)).toBe(false);
    expect(await readDeployment(engine)).toEqual(record);
  });

  it('that fails otherwise throws', async () => {
    const { engine } = engineWith([{ operation: 'dynamodb:PutItem', error: 'ThrottlingException' }]);

    await expect(writeRecord(engine, recordOf())).rejects.toMatchObject({ name: 'ThrottlingException' });
  });

  it.each<[string, Partial<SubjectRecord>, boolean]>([
    ['an open finding', {}, true],
    ['an alert to be told', { findings: [], outbox: [alertOf('opened')] }, true],
    ['neither', { findings: [{ ...openSsh, status: 'closed', closedAs: 'resolved' }] }, false],
  ])('of an item with %s marks it for the sweep: %#', async (_, more, isLive) => {
    const { engine, sandbox } = engineWith();
    await writeRecord(engine, recordOf(more));

    expect('isLive' in (sandbox.account.items.get(pk) ?? {})).toBe(isLive);
    expect(await readLiveRecords(engine)).toHaveLength(isLive ? 1 : 0);
    expect(await readAllRecords(engine)).toHaveLength(1);
  });
});

describe('an item larger than DynamoDB takes', () => {
  const large = (finding: Partial<Finding>): SubjectRecord => {
    const findings = ['a', 'b'].map((policy) => ({ ...openSsh, policy, ...finding }));
    return recordOf({ findings, outbox: findings.map((one) => alertOf('opened', one, { id: `a-${one.policy}` })) });
  };
  const stored = async (record: SubjectRecord) => {
    const { engine } = engineWith();
    expect(await writeRecord(engine, record)).toBe(true);
    const read = (await readRecords(engine, [id])).get(id);
    const told = (read?.outbox ?? []).flatMap((alert) => alert.entries.map((entry) => entry.finding));
    return [...(read?.findings ?? []), ...told];
  };

  it('keeps everything while it fits', async () => {
    const evidence = { permissions: 'x'.repeat(80_000) };

    for (const finding of await stored(large({ evidence })))
      expect(finding).toMatchObject({ ...openSsh, evidence, policy: finding.policy });
  });

  it('goes without evidence, and with its texts whole', async () => {
    const { evidence: _, ...bare } = openSsh;
    const findings = await stored(large({ evidence: { permissions: 'x'.repeat(100_000) }, reason: 'r'.repeat(1_000) }));

    expect(findings).toHaveLength(4);
    for (const finding of findings)
      expect(finding).toEqual({ ...bare, policy: finding.policy, reason: 'r'.repeat(1_000) });
  });

  it('goes with short texts where that is not enough', async () => {
    const { evidence: _, ...bare } = openSsh;
    const findings = await stored(large({ reason: 'r'.repeat(60_000), fix: 'f'.repeat(60_000) }));

    expect(findings).toHaveLength(4);
    for (const finding of findings)
      expect(finding).toEqual({ ...bare, policy: finding.policy, reason: 'r'.repeat(300), fix: 'f'.repeat(300) });
  });
});

test('an item that is too large keeps the latest two acts of each finding, and all of them while it fits', async () => {
  const acts = Array.from({ length: 10 }, (_, day): Act => {
    const at = `2026-03-${day + 10}T09:00:00.000Z`;
    return { action: 'stop', at, does: 'd'.repeat(100), outcome: 'done', calls: [], undo: [] };
  });
  const findings = [{ ...openSsh, acts }];
  const stored = async (outbox: SubjectRecord['outbox']) => {
    const { engine } = engineWith();
    await writeRecord(engine, recordOf({ findings, outbox }));
    return (await readRecords(engine, [id])).get(id);
  };
  const large = { ...openSsh, acts, reason: 'r'.repeat(400_000) };
  const alert = alertOf('opened', large);

  expect((await stored([]))?.findings[0]?.acts).toEqual(acts);
  const full = await stored([alert]);
  expect(full?.findings[0]?.acts).toEqual(acts.slice(8));
  expect(full?.outbox[0]?.entries[0]?.finding.acts).toEqual(acts.slice(8));
});

describe('a read', () => {
  it('is consistent, by key and of all', async () => {
    const { engine, inputs } = engineWith([{ operation: 'dynamodb:BatchGetItem', unprocessedKeys: 1 }]);
    await readRecords(engine, [id]);
    await readLiveRecords(engine);
    await readAllRecords(engine);

    expect(inputs<BatchGetItemCommandInput>('dynamodb:BatchGetItem').map(({ RequestItems }) => RequestItems)).toEqual([
      { 'ec2-guardrail': { ConsistentRead: true, Keys: [{ pk: { S: pk } }] } },
      { 'ec2-guardrail': { ConsistentRead: true, Keys: [{ pk: { S: pk } }] } },
    ]);
    expect(inputs<ScanCommandInput>('dynamodb:Scan')).toEqual([
      { TableName: 'ec2-guardrail', ConsistentRead: true, FilterExpression: 'attribute_exists(isLive)' },
      { TableName: 'ec2-guardrail', ConsistentRead: true },
    ]);
  });

  it('of all whose second page fails throws: no shorter list', async () => {
    const { engine } = engineWith([{ operation: 'dynamodb:Scan', error: 'InternalServerError', after: 1 }]);
    for (let number = 0; number < 6; number++)
      await writeRecord(engine, recordOf({ subject: { type: 'instance', id: `${id}${number}` } }));

    await expect(readAllRecords(engine)).rejects.toMatchObject({ name: 'InternalServerError' });
  });

  it.each<[string, object, string]>([
    ["of an answer that is not DynamoDB's throws", {}, "the answer to dynamodb:Scan holds no list: it is not AWS's"],
    [
      'of a table with another key throws',
      { Items: [{ id: { S: 'subject#' } }] },
      'ec2-guardrail is no table of ec2-guardrail: an item has no text `pk`',
    ],
  ])('%s', async (_, answer, message) => {
    const aws = (() => Promise.resolve(answer)) as Aws;

    await expect(readAllRecords({ aws, deployment: { tableName: 'ec2-guardrail' } })).rejects.toThrow(message);
  });

  it('of keys that stay unprocessed throws after six tries: absent is not unread', async () => {
    const { engine, sandbox, inputs } = engineWith([
      { operation: 'dynamodb:BatchGetItem', unprocessedKeys: 1, times: 'always' },
    ]);

    await expect(readRecords(engine, [id])).rejects.toMatchObject({
      name: 'ThrottlingException',
      message: 'BatchGetItem left 1 keys unprocessed 6 times',
    });
    expect(inputs('dynamodb:BatchGetItem')).toHaveLength(6);
    expect(sandbox.now().getTime() - start.getTime()).toBe(50 + 100 + 200 + 400 + 800);
  });

  it('of more than 100 keys takes several calls', async () => {
    const { engine, inputs } = engineWith();
    await readRecords(
      engine,
      Array.from({ length: 201 }, (_, index) => `i-${index}`),
    );
    const counts = inputs<BatchGetItemCommandInput>('dynamodb:BatchGetItem').map(
      ({ RequestItems }) => RequestItems?.['ec2-guardrail']?.Keys?.length,
    );

    expect(counts).toEqual([100, 100, 1]);
  });
});
