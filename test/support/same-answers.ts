import type * as ec2 from '@aws-sdk/client-ec2';
import type { Aws } from '../../src/domain/operations.ts';
import { changes } from './scenarios/changes.ts';
import { groups } from './scenarios/groups.ts';
import { instances } from './scenarios/instances.ts';
import { messages } from './scenarios/messages.ts';
import { table } from './scenarios/table.ts';

/** What is launched. */
export interface Order {
  readonly instanceType?: string;
  /** Left out: a group that the stage has. */
  readonly securityGroupIds?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  /** Whether the root volume is; left out: it is. */
  readonly encrypted?: boolean;
}

/** An account with what sets it up: whatever a scenario needs beside the seam itself. */
export interface Stage {
  /** With the operations that change something. */
  readonly aws: Aws;
  readonly accountId: string;
  readonly region: string;
  /** With a string `pk` for its key, and the index of what is due. There is one other table. */
  readonly tableName: string;
  readonly topicArn: string;
  readonly queueUrl: string;
  /** One running instance, in a reservation of its own. */
  readonly launch: (order?: Order) => Promise<string>;
  /** One running Spot Instance, by a request of this type. */
  readonly launchSpot: (type: ec2.SpotInstanceType) => Promise<{ readonly id: string; readonly requestId: string }>;
  readonly terminate: (instanceId: string) => Promise<void>;
  /** Stops it and starts it again, a second after it was launched or later. */
  readonly restart: (instanceId: string) => Promise<void>;
  /** Makes a second interface with this group and attaches it. */
  readonly attachInterface: (instanceId: string, securityGroupId: string) => Promise<string>;
  readonly setTags: (resourceId: string, tags: Readonly<Record<string, string>>) => Promise<void>;
  /** In the default VPC. */
  readonly createSecurityGroup: (name: string) => Promise<string>;
  readonly authorizeIngress: (securityGroupId: string, permissions: readonly ec2.IpPermission[]) => Promise<void>;
  readonly createPrefixList: (entries: readonly (ec2.PrefixListEntry & { readonly Cidr: string })[]) => Promise<string>;
  /** Makes a key and names it; gives the key's id. */
  readonly createAlias: (name: string) => Promise<string>;
}

/** By name, what is set up on a stage and what AWS answers then: nothing that was not set up may matter. */
export type Scenarios = Readonly<Record<string, (stage: Stage) => Promise<void>>>;

const scenarios: Scenarios = { ...instances, ...groups, ...changes, ...table, ...messages };

/**
 * Declares a test for every scenario.
 * @param gaps the scenarios in which whoever answers is known to differ from AWS, with the reason. Their tests fail once it no longer does.
 */
export function sameAnswers(stageOf: () => Promise<Stage>, gaps: Readonly<Record<string, string>> = {}): void {
  let stage: Stage;
  beforeAll(async () => {
    stage = await stageOf();
  });

  test('every known gap is that of a scenario', () => {
    expect(Object.keys(gaps).filter((name) => !Object.hasOwn(scenarios, name))).toEqual([]);
  });

  for (const [name, run] of Object.entries(scenarios)) {
    const gap = gaps[name];
    if (gap === undefined) test(name, () => run(stage));
    else test.failing(`${name} (not so here: ${gap})`, () => run(stage));
  }
}
