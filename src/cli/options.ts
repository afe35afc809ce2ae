import { InvalidArgumentError, Option } from 'commander';
import { severities } from '../domain/policy.ts';
import { visible } from '../domain/visible.ts';

/** Where policies are, unless a command is told. */
export const DEFAULT_PATH = 'policies';

/** `--format`, as every command has it. */
export interface FormatOption {
  readonly format: 'text' | 'json';
}

/** `--format text|json`. */
export function formatOption(): Option {
  return new Option('--format <format>', 'what to print').choices(['text', 'json']).default('text');
}

/** `--policies`, as the commands have it whose subject is something else. */
export function policiesOption(): Option {
  return new Option('--policies <path>', 'policy files, or a folder of them').default(DEFAULT_PATH);
}

/** `--profile`, as the commands have it that read a live account. */
export function profileOption(): Option {
  return new Option('--profile <name>', 'AWS profile to read with; left out: the default credentials');
}

/** `--fail-on`, as every command has it that finds violations. */
export function failOnOption(): Option {
  return new Option('--fail-on <severity>', 'exit with 1 for violations at or above it')
    .choices(severities)
    .default('low');
}

/**
 * A Region as a person writes it. The SDK makes a host name of it.
 * @throws InvalidArgumentError for what can't be one.
 */
export function regionOf(text: string): string {
  if (!/^[a-z]{2,}(?:-[a-z]+)+-\d{1,2}$/.test(text)) throw new InvalidArgumentError('Write it like eu-central-1.');
  return text;
}

/** The stage of a deployment, unless a command is told. */
export const DEFAULT_STAGE = 'prod';

/** `--stage`, as `serverless deploy` has it. */
export function stageOption(): Option {
  const option = new Option('--stage <stage>', 'the stage of the deployment').default(DEFAULT_STAGE);
  return option.argParser((text: string) => {
    if (!/^[A-Za-z0-9-]+$/.test(text)) throw new InvalidArgumentError('Write it like prod.');
    return text;
  });
}

/**
 * A policy's name as a person writes it.
 * @throws InvalidArgumentError for what can't be one.
 */
export function policyNameOf(text: string): string {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(text))
    throw new InvalidArgumentError('Write its name: lower-case words joined by dashes, such as no-open-ssh.');
  return text;
}

/**
 * `--reason`: what others read of why something is so.
 * @throws InvalidArgumentError for what says nothing, or hides something.
 */
export function reasonOf(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Say why, and who said so.');
  if (visible(text) !== text)
    throw new InvalidArgumentError('It has characters that do not show: write it on one line.');
  return text;
}

/** What a deployment is called: service and stage, as serverless.yml has them. */
export function deploymentName(stage: string): string {
  return `ec2-guardrail-${stage}`;
}
