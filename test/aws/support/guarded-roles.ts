import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { allowing, type GuardedMoto } from './guarded-moto.ts';

/**
 * Makes roles, each with a profile of its name that takes it on, beside one of the name administrator; from then on the SDK of this
 * process knows these profiles and no other credentials.
 * @param folder where the file of the profiles is written.
 */
export async function createRoles(
  moto: GuardedMoto,
  names: readonly string[],
  region: string,
  folder: string,
): Promise<void> {
  const { accessKeyId, secretAccessKey } = moto.administrator;
  const profiles = [
    `[profile administrator]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}`,
  ];
  for (const RoleName of names) {
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
    };
    const { Role } = await moto.iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }),
    );
    profiles.push(`[profile ${RoleName}]\nrole_arn = ${Role?.Arn}\nsource_profile = administrator\nregion = ${region}`);
  }
  const file = join(folder, 'config');
  writeFileSync(file, profiles.join('\n'));
  Object.assign(process.env, { AWS_CONFIG_FILE: file, AWS_ENDPOINT_URL: moto.url });
  delete process.env.AWS_ACCESS_KEY_ID;
  delete process.env.AWS_SECRET_ACCESS_KEY;
}

/** What the role may do from now on. */
export async function grant({ iam }: GuardedMoto, RoleName: string, actions: readonly string[]): Promise<void> {
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument: allowing(actions) }));
}
