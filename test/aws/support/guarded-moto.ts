import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import type { Environment } from './cli.ts';
import { type Moto, startMoto } from './moto.ts';

/** What requests are signed with. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A moto of one's own that checks signatures and permissions: their actions, but neither resources nor conditions. */
export interface GuardedMoto extends Moto {
  /** Of somebody who may do everything. */
  readonly administrator: Keys;
  /** IAM, called by the administrator. */
  readonly iam: IAMClient;
}

/** Starts moto, and lets nobody in from then on but the administrator and whom the administrator makes. */
export async function startGuardedMoto(): Promise<GuardedMoto> {
  const moto = await startMoto();
  const at = { region: 'us-east-1', endpoint: moto.url };
  const administrator = await userWho(new IAMClient(at), ['*']);
  // How many calls are let through unchecked.
  await fetch(`${moto.url}/moto-api/reset-auth`, { method: 'POST', body: '0' });
  return { ...moto, administrator, iam: new IAMClient({ ...at, credentials: administrator }) };
}

let users = 0;

/** A new user who may do exactly this. */
export async function userWho(iam: IAMClient, actions: readonly string[]): Promise<Keys> {
  const UserName = `user-${++users}`;
  await iam.send(new CreateUserCommand({ UserName }));
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument: allowing(actions) }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {};
  return { accessKeyId, secretAccessKey };
}

/** A policy document: these actions, on everything. */
export function allowing(actions: readonly string[]): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
  });
}

/** What makes a command line call this moto with these keys. */
export function asWhom({ url }: Moto, { accessKeyId, secretAccessKey }: Keys): Environment {
  return { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
}
