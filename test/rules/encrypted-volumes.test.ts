import type { Given } from '../../src/domain/given.ts';
import { inspected } from '../../src/domain/given.ts';
import { encryptedVolumes } from '../../src/rules/encrypted-volumes.ts';
import { look, lookAt, needsWith, refusals } from './look.ts';

type Volume = NonNullable<Given['volumes']>[number];

const keyA = '11111111-2222-3333-4444-555555555555';
const keyB = '66666666-7777-8888-9999-000000000000';
const arn = (id: string, region = 'us-east-1', account = '123456789012') =>
  `arn:aws:kms:${region}:${account}:key/${id}`;

const plain: Volume = { VolumeId: 'vol-1', Encrypted: false };
const encrypted = (KmsKeyId = arn(keyA)): Volume => ({ VolumeId: 'vol-1', Encrypted: true, KmsKeyId });

test.each<[string, readonly Volume[], string]>([
  ['one encrypted', [encrypted()], 'COMPLIANT'],
  ['one not', [plain], 'NON_COMPLIANT'],
  ['the second not', [{ ...encrypted(), VolumeId: 'vol-0' }, plain], 'NON_COMPLIANT'],
  ['no word of it', [{ VolumeId: 'vol-1' }], 'INSUFFICIENT_DATA'],
  ['no word of one, another not encrypted', [{ VolumeId: 'vol-0' }, plain], 'NON_COMPLIANT'],
  ['none', [], 'NOT_APPLICABLE'],
])('%s', (_, volumes, compliance) => {
  expect(look(encryptedVolumes, {}, { volumes }).compliance).toBe(compliance);
});

test('a volume that is named and not shown is unknown, never encrypted', () => {
  const instance = { BlockDeviceMappings: [{ Ebs: { VolumeId: 'vol-1' } }, { Ebs: { VolumeId: 'vol-2' } }] };

  expect(look(encryptedVolumes, {}, { instance })).toMatchObject({
    compliance: 'INSUFFICIENT_DATA',
    reason: 'volume vol-1: not found; volume vol-2: not found',
  });
  expect(look(encryptedVolumes, {}, { instance, volumes: [encrypted()] }).reason).toBe('volume vol-2: not found');
  expect(look(encryptedVolumes, {}, { instance, volumes: [plain] }).compliance).toBe('NON_COMPLIANT');
});

test('just after the launch nothing passes, and what is plain is plain', () => {
  const justLaunched = '2026-01-01T00:00:30Z';

  expect(look(encryptedVolumes, {}, {}, justLaunched).compliance).toBe('INSUFFICIENT_DATA');
  expect(look(encryptedVolumes, {}, { volumes: [encrypted()] }, justLaunched).compliance).toBe('INSUFFICIENT_DATA');
  expect(look(encryptedVolumes, {}, { volumes: [plain] }, justLaunched).compliance).toBe('NON_COMPLIANT');
});

test.each<[string, readonly string[], Volume, string]>([
  ['by ARN', [arn(keyA)], encrypted(), 'COMPLIANT'],
  ['by ARN of another Region', [arn(keyA, 'eu-west-1')], encrypted(), 'NON_COMPLIANT'],
  ['by ARN of another account', [arn(keyA, 'us-east-1', '111122223333')], encrypted(), 'NON_COMPLIANT'],
  ['by id', [keyA], encrypted(), 'COMPLIANT'],
  ['by id of another', [keyB], encrypted(), 'NON_COMPLIANT'],
  ['by alias', ['alias/a'], encrypted(), 'COMPLIANT'],
  ['by alias of another', ['alias/b'], encrypted(), 'NON_COMPLIANT'],
  ['one of several', [keyB, 'alias/a'], encrypted(), 'COMPLIANT'],
  ['an alias that does not exist', ['alias/none'], encrypted(), 'INSUFFICIENT_DATA'],
  ['an alias that does not exist beside one that fits', ['alias/none', 'alias/a'], encrypted(), 'COMPLIANT'],
  ['an alias that does not exist, of a plain volume', ['alias/none'], plain, 'NON_COMPLIANT'],
  ['no word of the key', [keyA], { VolumeId: 'vol-1', Encrypted: true }, 'INSUFFICIENT_DATA'],
  ['a multi-Region key by id', [`mrk-${'0'.repeat(32)}`], encrypted(arn(`mrk-${'0'.repeat(32)}`)), 'COMPLIANT'],
  [
    'in another partition',
    [`arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/${keyA}`],
    encrypted(`arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/${keyA}`),
    'COMPLIANT',
  ],
])('an approved key %s', (_, kmsKeys, volume, compliance) => {
  const given: Given = { volumes: [volume], kmsAliases: { 'alias/a': keyA, 'alias/b': keyB } };

  expect(look(encryptedVolumes, { kmsKeys }, given).compliance).toBe(compliance);
});

test('what is missing of an alias is named', () => {
  expect(look(encryptedVolumes, { kmsKeys: ['alias/none'] }, { volumes: [encrypted()] }).reason).toBe(
    'KMS alias alias/none: not found',
  );
});

test('aliases that could not be read matter only where the verdict hangs on them', () => {
  const now = '2026-01-01T01:00:00Z';
  const kmsAliases = { known: false, missing: { what: 'KMS aliases', why: 'denied', detail: 'AccessDenied' } } as const;
  const compliance = (kmsKeys: readonly string[], volume: Volume) => {
    const seen = inspected({ volumes: [volume] }, new Date(now));
    return lookAt(encryptedVolumes, { kmsKeys }, { ...seen, facts: { ...seen.facts, kmsAliases } }, now).compliance;
  };

  expect(compliance(['alias/a'], encrypted())).toBe('INSUFFICIENT_DATA');
  expect(compliance(['alias/a', keyA], encrypted())).toBe('COMPLIANT');
  expect(compliance(['alias/a'], plain)).toBe('NON_COMPLIANT');
});

test('every wrong volume is named with device and size, sorted, and how to mend each', () => {
  const at = (Device: string) => [
    { InstanceId: 'i-9', Device: '/dev/sdz', State: 'attached' as const },
    { InstanceId: 'i-0123456789abcdef0', Device, State: 'attached' as const },
  ];
  const judgement = look(
    encryptedVolumes,
    { kmsKeys: ['alias/a'] },
    {
      volumes: [
        { VolumeId: 'vol-2', Encrypted: true, KmsKeyId: arn(keyB), Size: 100, Attachments: at('/dev/sdf') },
        { VolumeId: 'vol-1', Encrypted: false, Size: 8, Attachments: at('/dev/xvda') },
        { VolumeId: 'vol-3', Encrypted: true, KmsKeyId: arn(keyA) },
      ],
      kmsAliases: { 'alias/a': keyA },
    },
  );

  expect(judgement.reason).toBe(
    `volume vol-1 (/dev/xvda, 8 GiB) is not encrypted; volume vol-2 (/dev/sdf, 100 GiB) is encrypted with ${arn(keyB)}, which is not approved`,
  );
  expect(judgement.fix).toBe(
    'EBS cannot encrypt a volume in place nor change its key: ' +
      'snapshot vol-1, copy the snapshot (`aws ec2 copy-snapshot --encrypted --kms-key-id alias/a`), replace the root volume from the copy (`aws ec2 create-replace-root-volume-task --instance-id i-0123456789abcdef0 --snapshot-id <copy>`); ' +
      'snapshot vol-2, copy the snapshot (`aws ec2 copy-snapshot --encrypted --kms-key-id alias/a`), make a volume of the copy and attach it instead. ' +
      'Switch on EBS encryption by default, so that it does not happen again: `aws ec2 enable-ebs-encryption-by-default`',
  );
  expect(judgement.evidence).toEqual({
    volumes: [
      { volumeId: 'vol-1', encrypted: false },
      { volumeId: 'vol-2', encrypted: true, kmsKeyId: arn(keyB) },
    ],
  });
});

test('aliases are read only where one is named', () => {
  expect(needsWith(encryptedVolumes, {})).toEqual(['volumes']);
  expect(needsWith(encryptedVolumes, { kmsKeys: [keyA, arn(keyA)] })).toEqual(['volumes']);
  expect(needsWith(encryptedVolumes, { kmsKeys: [keyA, 'alias/a'] })).toEqual(['volumes', 'kmsAliases']);
});

test.each([
  [[]],
  [['ebs-prod']],
  [['arn:aws:kms:us-east-1:123456789012:alias/ebs-prod']],
  [['arn:aws:ec2:us-east-1:123456789012:volume/vol-1']],
  [['alias/']],
])('refuses the keys %j', (kmsKeys) => {
  expect(refusals(encryptedVolumes, { kmsKeys })).toHaveLength(1);
});
