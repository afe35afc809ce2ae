import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { inVenv } from './python.ts';

interface Member {
  readonly shape: string;
  readonly documentation?: string;
}

interface Shape {
  readonly min?: number;
  readonly max?: number;
  readonly members?: Readonly<Record<string, Member>>;
}

interface ApiModel {
  readonly operations: Readonly<Record<string, { readonly input: { readonly shape: string } }>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

/** A parameter of an operation, as AWS documents it. */
export interface Parameter {
  /** HTML. */
  readonly documentation: string;
  readonly min?: number;
  readonly max?: number;
}

/** AWS's own model of EC2's API, with its documentation, as the AWS SDK for Python has it. */
export function ec2Model(): ApiModel {
  const libraries = inVenv('../lib');
  const [python = ''] = readdirSync(libraries);
  const versions = join(libraries, python, 'site-packages/botocore/data/ec2');
  const latest = readdirSync(versions).sort().at(-1) ?? '';
  return JSON.parse(gunzipSync(readFileSync(join(versions, latest, 'service-2.json.gz'))).toString()) as ApiModel;
}

/** What the model says of a parameter; undefined where the operation has none of that name. */
export function parameterOf(model: ApiModel, operation: string, name: string): Parameter | undefined {
  const member = model.shapes[model.operations[operation]?.input.shape ?? '']?.members?.[name];
  if (member === undefined) return undefined;
  const { min, max } = model.shapes[member.shape] ?? {};
  return {
    documentation: member.documentation ?? '',
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
}
