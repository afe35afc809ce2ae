import type { Json } from '../domain/json.ts';

type Properties = { readonly [name: string]: Json | undefined };

/** A resource of a CloudFormation template. */
export type Resource = {
  readonly Type: `AWS::${string}`;
  readonly DeletionPolicy?: 'Delete' | 'Retain';
  readonly UpdateReplacePolicy?: 'Delete' | 'Retain';
  readonly Properties: Properties;
};

/** Resources by logical id. */
export type Resources = Readonly<Record<string, Resource>>;

/** A statement of an IAM, queue, topic or key policy. */
export type Statement = {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: Json;
  readonly Action: string | readonly string[];
  readonly Resource?: Json;
  readonly Condition?: { readonly [operator: string]: Properties };
};

/** A policy document of these statements. */
export function policyDocument(statements: readonly Statement[]) {
  return { Version: '2012-10-17', Statement: statements } as const;
}

/** A resource's name, URL or ARN, as its type defines it; or a pseudo parameter. */
export function ref(id: string) {
  return { Ref: id } as const;
}

/** An attribute of a resource. */
export function attribute(id: string, name: string) {
  return { 'Fn::GetAtt': [id, name] } as const;
}

/** The ARN of a resource that has it as an attribute. */
export function arnOf(id: string) {
  return attribute(id, 'Arn');
}

/** Text of parts, some of which CloudFormation fills in. */
export function joined(separator: string, parts: readonly Json[]) {
  return { 'Fn::Join': [separator, parts] } as const;
}

/** The ARN of something of this account, and of this Region unless its service has none. */
export function ownArn(service: string, resource: string, region: Json = ref('AWS::Region')) {
  return joined(':', ['arn', ref('AWS::Partition'), service, region, ref('AWS::AccountId'), resource]);
}

/** Refuses whatever comes without TLS. */
export function denyWithoutTls(actions: string, resource: Json): Statement {
  return {
    Sid: 'DenyWithoutTls',
    Effect: 'Deny',
    Principal: '*',
    Action: actions,
    Resource: resource,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
}
