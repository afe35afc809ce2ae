import { type DrainCall, defineDrainStep } from '../domain/drain-step.ts';
import type { Notice } from '../domain/notice.ts';

/** Kept back of the time there is, in seconds: what is begun then does not come to an end. */
const KEPT_SECONDS = 10;
/** The least that Systems Manager takes for how long a command may wait to reach its instance, in seconds. */
const LEAST_DELIVERY_SECONDS = 30;

/** AWS's own documents that run a script, and take the seconds that it may run. */
const scripts: readonly string[] = ['AWS-RunShellScript', 'AWS-RunPowerShellScript'];
const TIMEOUT_OF_SCRIPTS = 'executionTimeout';

interface Parameters {
  readonly document: string;
  readonly documentVersion?: string | undefined;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly timeout: number;
  readonly timeoutParameter?: string | undefined;
}

export const runDocument = defineDrainStep({
  id: 'run-document',
  kind: 'drain',
  summary: 'Runs a document of Systems Manager on the instance, such as a script that saves logs or leaves a cluster.',
  rules: ['spot-interruption'],
  parameters: (z) =>
    z.strictObject({
      document: z
        .string()
        .regex(/^[\w.:/-]{3,200}$/, 'must be the name or the ARN of a document')
        .describe('The name of a document of the account or of AWS, or the ARN of a shared one.'),
      documentVersion: z
        .string()
        .regex(/^(?:\$LATEST|\$DEFAULT|[1-9]\d*)$/, 'must be a number, $LATEST or $DEFAULT')
        .exactOptional()
        .describe('The version of the document, quoted. Left out: its default.'),
      parameters: z
        .record(z.string().min(1), z.array(z.string()))
        .default({})
        .describe("The document's own parameters, each a list of texts."),
      timeout: z
        .int()
        .min(1)
        .max(172_800)
        .default(110)
        .describe('The most seconds that it may run. Less where less is left: ten seconds before the end it is over.'),
      timeoutParameter: z
        .string()
        .min(1)
        .exactOptional()
        .describe(
          'The parameter of the document that is given these seconds. Left out: executionTimeout for AWS-RunShellScript and AWS-RunPowerShellScript, none for others.',
        ),
    }),
  needs: [],
  operations: ['ssm:SendCommand'],
  undoOperations: [],
  doneBy: [],
  skippedBy: [{ name: 'InvalidInstanceId' }],
  plan({ instance: { InstanceId }, notice, parameters, now }) {
    const { document } = parameters;
    const seconds = Math.min(parameters.timeout, secondsLeft(notice, now) - KEPT_SECONDS);
    if (seconds < 1) return { moves: [], left: [`document ${document} is not run: there is no time for it`] };
    return {
      moves: [
        {
          key: `document ${document} ${InstanceId}`,
          does: `run document ${document} on ${InstanceId}, for ${seconds} s at most`,
          call: send(InstanceId, notice, parameters, seconds),
          isOnce: true,
        },
      ],
      left: [],
    };
  },
  examples: [
    {
      title: 'a script of a few lines, with two minutes left',
      parameters: { document: 'AWS-RunShellScript', parameters: { commands: ['/opt/app/leave.sh'] } },
      given: {},
      expect: {
        does: ['run document AWS-RunShellScript on i-0123456789abcdef0, for 110 s at most'],
        calls: [
          {
            operation: 'ssm:SendCommand',
            input: {
              InstanceIds: ['i-0123456789abcdef0'],
              DocumentName: 'AWS-RunShellScript',
              Comment: 'ec2-guardrail: interruption of i-0123456789abcdef0',
              TimeoutSeconds: 110,
              Parameters: { executionTimeout: ['110'], commands: ['/opt/app/leave.sh'] },
            },
          },
        ],
      },
    },
    {
      title: 'a document of your own that may run for 20 seconds, in one version of it',
      parameters: { document: 'leave-cluster', documentVersion: '3', timeout: 20, timeoutParameter: 'seconds' },
      given: {},
      expect: {
        does: ['run document leave-cluster on i-0123456789abcdef0, for 20 s at most'],
        calls: [
          {
            operation: 'ssm:SendCommand',
            input: {
              InstanceIds: ['i-0123456789abcdef0'],
              DocumentName: 'leave-cluster',
              DocumentVersion: '3',
              Comment: 'ec2-guardrail: interruption of i-0123456789abcdef0',
              TimeoutSeconds: 30,
              Parameters: { seconds: ['20'] },
            },
          },
        ],
      },
    },
    {
      title: 'an instance that EC2 hibernates, which begins at once',
      parameters: { document: 'leave-cluster' },
      given: { notice: { kind: 'interruption', action: 'hibernate' } },
      expect: { does: [], calls: [], left: ['document leave-cluster is not run: there is no time for it'] },
    },
    {
      title: 'a recommendation to rebalance, which names no end',
      parameters: { document: 'leave-cluster', timeout: 600 },
      given: { notice: { kind: 'rebalance' } },
      expect: {
        does: ['run document leave-cluster on i-0123456789abcdef0, for 600 s at most'],
        calls: [
          {
            operation: 'ssm:SendCommand',
            input: {
              InstanceIds: ['i-0123456789abcdef0'],
              DocumentName: 'leave-cluster',
              Comment: 'ec2-guardrail: rebalance of i-0123456789abcdef0',
              TimeoutSeconds: 600,
              Parameters: {},
            },
          },
        ],
      },
    },
  ],
});

/** Of a notice that names no end there is time enough. */
function secondsLeft({ deadline }: Notice, now: Date): number {
  if (deadline === undefined) return Number.POSITIVE_INFINITY;
  return Math.floor((Date.parse(deadline) - now.getTime()) / 1000);
}

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html */
function send(
  instanceId: string,
  { kind }: Notice,
  { document, documentVersion, parameters, timeoutParameter }: Parameters,
  seconds: number,
): DrainCall<'ssm:SendCommand'> {
  const timeout = timeoutParameter ?? (scripts.includes(document) ? TIMEOUT_OF_SCRIPTS : undefined);
  const own = Object.entries(parameters).map(([name, values]): [string, string[]] => [name, [...values]]);
  return {
    operation: 'ssm:SendCommand',
    input: {
      InstanceIds: [instanceId],
      DocumentName: document,
      ...(documentVersion === undefined ? {} : { DocumentVersion: documentVersion }),
      Comment: `ec2-guardrail: ${kind} of ${instanceId}`,
      TimeoutSeconds: Math.max(LEAST_DELIVERY_SECONDS, seconds),
      Parameters: { ...(timeout === undefined ? {} : { [timeout]: [String(seconds)] }), ...Object.fromEntries(own) },
    },
  };
}
