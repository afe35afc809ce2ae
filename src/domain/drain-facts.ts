import type { Fact, Several, Tag } from './facts.ts';

/** A registration of the instance with a target group: one for each port. */
export interface Target {
  readonly targetGroupArn: string;
  /** The instance's id, or one of its addresses. */
  readonly id: string;
  /** Exactly as registered; left out where it was registered without one. */
  readonly port?: number;
  /** As ELB says: `healthy`, `unhealthy`, `initial`, `draining`, `unused`, `unavailable`. */
  readonly health: string;
}

/** A target group that the instance is in, with all that is in it. */
export interface TargetGroup {
  readonly targetGroupArn: string;
  readonly name: string;
  /** `HTTP`, `TCP`, …; left out where it was not read. */
  readonly protocol?: string;
  readonly targets: readonly Omit<Target, 'targetGroupArn'>[];
}

/** Who replaces instances by itself, or drains them: it is left to that one. */
export type Manager =
  | 'karpenter'
  | 'eks-node-group'
  | 'node-termination-handler'
  | 'ecs-managed-draining'
  | 'elastic-beanstalk';

/** The Auto Scaling group of an instance. */
export interface ScalingGroup {
  readonly name: string;
  /** The instance's state in it: `InService`, `Standby`, `Terminating:Wait`, … */
  readonly lifecycleState: string;
  /** Whether it launches another instance as soon as one is at risk. */
  readonly capacityRebalance: boolean;
  readonly targetGroupArns: readonly string[];
  readonly loadBalancerNames: readonly string[];
  readonly tags: readonly Tag[];
  /** Hooks for instances that end. */
  readonly terminatingHooks: Several<string>;
}

/** The instance as a member of an ECS cluster. */
export interface ContainerInstance {
  readonly cluster: string;
  readonly containerInstanceArn: string;
  /** `ACTIVE`, `DRAINING`, `REGISTERING`, … */
  readonly status: string;
  readonly runningTasks: number;
  /** Of the capacity provider, where ECS drains by itself. */
  readonly isManagedDraining: boolean;
}

/** What a drain knows of one instance beyond DescribeInstances. What could not be read, or not in time, is missing and says so. */
export interface DrainFacts {
  readonly group: Fact<ScalingGroup | 'none'>;
  /** Target groups that hold the instance. */
  readonly targetGroups: Several<TargetGroup>;
  /** Names of classic load balancers that hold it. */
  readonly loadBalancers: Several<string>;
  readonly containerInstances: Several<ContainerInstance>;
  /** Tags of the instance. */
  readonly tags: Several<Tag>;
}

/** What a drain step reads. */
export type DrainNeed = keyof DrainFacts;
