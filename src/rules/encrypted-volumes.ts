import { type Answer, anyOf, no, unsure, whether, yes } from '../domain/answer.ts';
import type { Facts, Missing, Volume } from '../domain/facts.ts';
import { defineRule } from '../domain/rule.ts';
import { compliantWhateverIsMissing, insufficientData, notApplicable, violation } from '../domain/verdict.ts';

/** A KMS key's ARN, of any partition. */
const keyArn = /^arn:[a-z0-9-]+:kms:[a-z0-9-]+:\d{12}:key\/(?<id>[A-Za-z0-9-]+)$/;
const keyId = /^(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const aliasName = /^alias\/[A-Za-z0-9/_-]+$/;

export const encryptedVolumes = defineRule({
  id: 'encrypted-volumes',
  summary: 'Every EBS volume attached to the instance is encrypted, with an approved key where keys are named.',
  why: 'Encryption at rest protects snapshots, copies and discarded disks, and its key decides who can ever read them again.',
  fix: 'Encrypt by a copy: snapshot the volume, copy the snapshot encrypted, put a volume of the copy in its place; switch on EBS encryption by default in the Region',
  awsConfig: 'encrypted-volumes',
  evidence: {
    about: 'Of a violation, each volume that offends, sorted by id.',
    fields: {
      'volumes[].volumeId': "the volume's id",
      'volumes[].encrypted': 'whether it is encrypted; then its key is not approved',
      'volumes[].kmsKeyId': "the key's ARN, where there is one",
    },
  },
  parameters: (z) =>
    z.strictObject({
      kmsKeys: z
        .array(
          z.string().refine(isKey, {
            error: 'is no KMS key: write alias/<name>, a key ARN (arn:aws:kms:<region>:<account>:key/<id>) or a key id',
          }),
        )
        .min(1)
        .optional()
        .describe('The approved KMS keys: aliases (alias/...), key ARNs or key ids. Left out: any key.'),
    }),
  needs: ({ kmsKeys }) => ['volumes', ...(kmsKeys?.some(isAlias) ? (['kmsAliases'] as const) : [])],
  evaluate({ instance, facts, parameters: { kmsKeys } }) {
    const { found, missing } = facts.volumes;
    if (found.length + missing.length === 0) return notApplicable('instance has no EBS volume');
    const looked = found
      .toSorted((a, b) => (a.VolumeId < b.VolumeId ? -1 : 1))
      .map((volume) => {
        const encrypted = isEncrypted(volume);
        const approved = encrypted.is === 'yes' ? hasApprovedKey(volume, kmsKeys, facts) : encrypted;
        return { volume, encrypted, approved };
      });
    const wrong = looked.filter(({ approved }) => approved.is === 'no');
    if (wrong.length > 0) {
      const reasons = wrong.map(({ volume, encrypted }) => {
        const what =
          encrypted.is === 'no' ? 'is not encrypted' : `is encrypted with ${volume.KmsKeyId}, which is not approved`;
        return `${nameOf(volume, instance.InstanceId)} ${what}`;
      });
      const volumes = wrong.map(({ volume }) => volume);
      const evidence = { volumes: wrong.map(({ volume, encrypted }) => evidenceOf(volume, encrypted)) };
      return violation(reasons.join('; '), fixOf(volumes, instance, kmsKeys), evidence);
    }
    const unknown = [
      ...missing,
      ...looked.flatMap(({ approved }) => (approved.is === 'unknown' ? approved.missing : [])),
    ];
    return unknown.length > 0 ? insufficientData(unknown) : compliantWhateverIsMissing();
  },
  examples: [
    {
      title: 'root and data volume are encrypted',
      parameters: {},
      given: {
        volumes: [
          { VolumeId: 'vol-1', Encrypted: true },
          { VolumeId: 'vol-2', Encrypted: true },
        ],
      },
      expect: { compliance: 'COMPLIANT' },
    },
    {
      title: 'the second volume is not encrypted',
      parameters: {},
      given: {
        volumes: [
          { VolumeId: 'vol-1', Encrypted: true },
          {
            VolumeId: 'vol-2',
            Encrypted: false,
            Size: 100,
            Attachments: [{ InstanceId: 'i-0123456789abcdef0', Device: '/dev/sdf', State: 'attached' }],
          },
        ],
      },
      expect: { compliance: 'NON_COMPLIANT', reason: 'volume vol-2 (/dev/sdf, 100 GiB) is not encrypted' },
    },
    {
      title: 'encrypted with a key that is not approved',
      parameters: { kmsKeys: ['alias/ebs-prod'] },
      given: {
        volumes: [
          {
            VolumeId: 'vol-1',
            Encrypted: true,
            Size: 8,
            KmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555',
          },
        ],
        kmsAliases: { 'alias/ebs-prod': '66666666-7777-8888-9999-000000000000' },
      },
      expect: {
        compliance: 'NON_COMPLIANT',
        reason:
          'volume vol-1 (8 GiB) is encrypted with arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555, which is not approved',
      },
    },
    {
      title: 'an alias that does not exist',
      parameters: { kmsKeys: ['alias/ebs-prod'] },
      given: {
        volumes: [
          {
            VolumeId: 'vol-1',
            Encrypted: true,
            KmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555',
          },
        ],
      },
      expect: { compliance: 'INSUFFICIENT_DATA', reason: 'KMS alias alias/ebs-prod: not found' },
    },
    {
      title: 'a volume that the instance names is not shown',
      parameters: {},
      given: { instance: { BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeId: 'vol-1' } }] } },
      expect: { compliance: 'INSUFFICIENT_DATA', reason: 'volume vol-1: not found' },
    },
    {
      title: 'instance storage alone',
      parameters: {},
      given: { instance: { RootDeviceType: 'instance-store' } },
      expect: { compliance: 'NOT_APPLICABLE', reason: 'instance has no EBS volume' },
    },
  ],
});

function isKey(text: string): boolean {
  return isAlias(text) || keyArn.test(text) || keyId.test(text);
}

function isAlias(text: string): boolean {
  return aliasName.test(text);
}

/** An absent field is not "no". */
function isEncrypted({ VolumeId, Encrypted }: Volume): Answer {
  return Encrypted === undefined ? unsure([notShown('Encrypted', VolumeId)]) : whether(Encrypted);
}

function hasApprovedKey(
  { VolumeId, KmsKeyId }: Volume,
  approved: readonly string[] | undefined,
  { kmsAliases }: Pick<Facts, 'kmsAliases'>,
): Answer {
  if (approved === undefined) return yes;
  if (KmsKeyId === undefined) return unsure([notShown('KmsKeyId', VolumeId)]);
  return anyOf(approved.map((key) => isKeyOf(KmsKeyId, key, kmsAliases)));
}

function isKeyOf(arn: string, approved: string, aliases: Facts['kmsAliases']): Answer {
  if (keyArn.test(approved)) return whether(arn === approved);
  const id = keyArn.exec(arn)?.groups?.id ?? arn;
  if (!isAlias(approved)) return whether(id === approved);
  if (!aliases.known) return unsure([aliases.missing]);
  const target = aliases.value.get(approved);
  if (target === undefined) return unsure([{ what: `KMS alias ${approved}`, why: 'not-found' }]);
  return target === id ? yes : no;
}

function notShown(field: string, volumeId: string): Missing {
  return { what: `${field} of volume ${volumeId}`, why: 'not-recorded' };
}

/** `volume vol-1 (/dev/sdf, 100 GiB)`, as far as it is known. */
function nameOf(volume: Volume, instanceId: string): string {
  const details = [deviceOf(volume, instanceId), volume.Size === undefined ? undefined : `${volume.Size} GiB`];
  const known = details.filter((detail) => detail !== undefined);
  return `volume ${volume.VolumeId}${known.length > 0 ? ` (${known.join(', ')})` : ''}`;
}

/** A volume with Multi-Attach has one device for each instance. */
function deviceOf({ Attachments }: Volume, instanceId: string): string | undefined {
  return Attachments?.find(({ InstanceId }) => InstanceId === instanceId)?.Device;
}

function evidenceOf({ VolumeId, KmsKeyId }: Volume, encrypted: Answer) {
  return {
    volumeId: VolumeId,
    encrypted: encrypted.is === 'yes',
    ...(KmsKeyId === undefined ? {} : { kmsKeyId: KmsKeyId }),
  };
}

function fixOf(
  volumes: readonly Volume[],
  { InstanceId, RootDeviceName }: { readonly InstanceId: string; readonly RootDeviceName?: string | undefined },
  kmsKeys: readonly string[] | undefined,
): string {
  const key = kmsKeys?.[0] === undefined ? '' : ` --kms-key-id ${kmsKeys[0]}`;
  const places = volumes.map((volume) => {
    const isRoot = RootDeviceName !== undefined && deviceOf(volume, InstanceId) === RootDeviceName;
    const last = isRoot
      ? `replace the root volume from the copy (\`aws ec2 create-replace-root-volume-task --instance-id ${InstanceId} --snapshot-id <copy>\`)`
      : 'make a volume of the copy and attach it instead';
    return `snapshot ${volume.VolumeId}, copy the snapshot (\`aws ec2 copy-snapshot --encrypted${key}\`), ${last}`;
  });
  return `EBS cannot encrypt a volume in place nor change its key: ${places.join('; ')}. Switch on EBS encryption by default, so that it does not happen again: \`aws ec2 enable-ebs-encryption-by-default\``;
}
