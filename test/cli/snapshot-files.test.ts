import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSnapshot } from '../../src/cli/snapshot-files.ts';
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
