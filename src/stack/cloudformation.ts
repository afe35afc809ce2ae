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

/** A statement of a role's policy: it says on what. */
export type RoleStatement = Statement & { readonly Resource: Json };

/** One that allows. */
export type Grant = RoleStatement & { readonly Effect: 'Allow' };

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

/**
 * A value as `Fn::Sub` would be given it: `${LiveQueue.Arn}` stands for what CloudFormation fills in.
 * @throws Error for a function that none of the above makes: it would be shown as what it is not.
 */
export function withPlaceholders(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(withPlaceholders);
  const [only, ...others] = Object.entries(value);
  if (only !== undefined && others.length === 0 && /^(Ref$|Fn::)/.test(only[0])) return placeholder(only[0], only[1]);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === undefined ? [] : [[key, withPlaceholders(inner)]])),
  );
}

function placeholder(name: string, argument: Json | undefined): string {
  if (name === 'Ref' && typeof argument === 'string') return `\${${argument}}`;
  if (name === 'Fn::GetAtt' && isTexts(argument)) return `\${${argument.join('.')}}`;
  if (name === 'Fn::Join' && isList(argument)) {
    const [separator, parts] = argument.map(withPlaceholders);
    if (typeof separator === 'string' && isTexts(parts)) return parts.join(separator);
  }
  throw new Error(`${name} of ${JSON.stringify(argument)} has no placeholder`);
}

/** `Array.isArray` does not know of lists that are read-only. */
function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isTexts(value: Json | undefined): value is readonly string[] {
  return isList(value) && value.every((part) => typeof part === 'string');
}

/** Lets EventBridge in, for rules of this stack alone. @param eventRuleIds their logical ids. */
export function ownRulesMay(action: string, resource: Json, eventRuleIds: readonly string[]): Statement {
  return {
    Sid: 'OwnEventRules',
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: action,
    Resource: resource,
    Condition: { ArnEquals: { 'aws:SourceArn': eventRuleIds.map(arnOf) } },
  };
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
