import type { Alert, InstanceSummary } from '../../domain/alert.ts';
import type { Controls } from '../../domain/controls.ts';
import type { Finding } from '../../domain/finding.ts';
import type { Json } from '../../domain/json.ts';
import type { Subject } from '../../domain/judge.ts';
import type { Need } from '../../domain/needs.ts';
import type { Severity } from '../../domain/policy.ts';
import type { Compliance } from '../../domain/verdict.ts';

/** One policy's word on one instance, as `scan` and `replay` print it. */
export interface FindingDocument {
  readonly policy: string;
  readonly rule: string;
  readonly subject: { readonly type: string; readonly id: string };
  readonly instanceId: string;
  readonly accountId: string;
  readonly region: string;
  readonly compliance: Compliance;
  readonly severity: Severity;
  readonly reason: string;
  readonly fix: string;
  readonly evidence: Json;
  readonly actions: readonly string[];
  readonly exempt?: { readonly reason: string; readonly until: string };
  /** Of `replay` alone: whether the violation came with the launch or later. A scan has seen nothing before. */
  readonly origin?: 'launch' | 'drift' | 'schedule';
}

/** What `scan --format json` prints. */
export interface ScanDocument {
  readonly version: 1;
  readonly findings: readonly FindingDocument[];
  readonly summary: {
    /** All instances, matched by a policy or not. */
    readonly instances: number;
    /** The sum of the four outcomes. */
    readonly evaluations: number;
    readonly compliant: number;
    readonly nonCompliant: number;
    readonly notApplicable: number;
    readonly insufficientData: number;
    /** Of the violations those that are exempt. */
    readonly exempt: number;
  };
}

/** What `replay --format json` prints. */
export interface ReplayDocument {
  readonly version: 1;
  readonly events: readonly {
    readonly id: string | null;
    /** Instances that were looked at because of it. */
    readonly instanceIds: readonly string[];
    /** Why it led to no look. */
    readonly ignored: string | null;
    /** What had to be assumed, such as a time that can't be read. */
    readonly note?: string;
  }[];
  /** As they stand at the end. */
  readonly findings: readonly FindingDocument[];
  readonly alerts: readonly {
    /** SNS's Subject line. */
    readonly subject: string;
    /** The e-mail's text. */
    readonly message: string;
    readonly attributes: Readonly<Record<string, string>>;
  }[];
  /** Calls that change something in the account, in order: none without `--enforce`. */
  readonly calls: readonly {
    readonly service: string;
    /** As AWS's API has it: `StopInstances`. */
    readonly operation: string;
    readonly input: Json;
    /** `done`, or AWS's error code. */
    readonly outcome: string;
  }[];
}

/** A step of a drain as a policy uses it, and the actions of IAM by which it changes something. */
export interface StepDocument {
  readonly policy: string;
  readonly step: string;
  readonly actions: readonly string[];
  /** By which it is put back. */
  readonly undoActions: readonly string[];
  /** Why nothing is called all the same; left out: it is. */
  readonly onlyWould?: 'the policy observes' | 'enforcement is off';
}

/** What `permissions --format json` prints. */
export interface PermissionsDocument {
  readonly version: 1;
  /** Their names. */
  readonly policies: readonly string[];
  /** What follows a violation of any of them. */
  readonly actions: readonly string[];
  /** Permissions of the functions that may change something in EC2. */
  readonly ec2Changes: readonly string[];
  /** The same, were it deployed with enforcement on. */
  readonly ec2ChangesIfOn: readonly string[];
  /** The functions' roles, by logical id: what CloudFormation fills in stands as `Fn::Sub` would have it. */
  readonly roles: Readonly<Record<string, IamPolicy>>;
  /** Why a statement of the roles is there, by its Sid. */
  readonly why: Readonly<Record<string, string>>;
  /** What steps of a drain may call, policy by policy. */
  readonly steps: readonly StepDocument[];
  /** What the functions read of EC2 and KMS. */
  readonly reads: readonly ReadDocument[];
  /** What whoever runs a command that reads a live account must be permitted, by the command. */
  readonly commands: Readonly<Record<string, IamPolicy>>;
}

/** An IAM policy document. */
export interface IamPolicy {
  readonly Version: string;
  readonly Statement: readonly IamStatement[];
}

/** A statement of an IAM policy. What one denies, no other allows. */
export interface IamStatement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: Json;
  readonly Condition?: Json;
}

/** One read, and who needs it. */
export interface ReadDocument {
  readonly action: string;
  /** Empty for what every deployment reads, whatever its policies. */
  readonly neededBy: readonly {
    readonly policy: string;
    readonly rule: string;
    /** The key of the policy that needs it. */
    readonly by: 'rule' | 'match' | 'exempt' | 'enforce' | 'actions';
    readonly needs: readonly Need[];
  }[];
}

/** A finding as a deployment has written it down. */
export interface StoredFinding extends Finding {
  readonly subject: Subject;
  readonly accountId: string;
  readonly region: string;
  /** The instance when it was last seen; left out for an id that EC2 has never shown. */
  readonly instance?: InstanceSummary;
  /** When it was last looked at, ISO 8601. */
  readonly observedAt: string;
  /** Alerts that tell of it, and the channels that have not taken them yet. */
  readonly owed: readonly Pick<Alert, 'id' | 'topic' | 'owes'>[];
}

/** What `findings list --format json` prints. */
export interface FindingsDocument {
  readonly version: 1;
  readonly table: string;
  readonly region: string;
  readonly findings: readonly StoredFinding[];
  /** Policies that enforce, and what is stopped; left out: nothing was ever enforced, paused or promoted. */
  readonly enforcement?: Omit<Controls, 'version'>;
  /** Of the whole table, listed or not. */
  readonly summary: {
    /** Instances that have an item: those that were looked at. */
    readonly instances: number;
    readonly open: number;
    readonly unknown: number;
    /** Violations that are exempt. */
    readonly exempt: number;
    /** The others that are closed, and still remembered. */
    readonly closed: number;
    /** When any instance was last looked at, ISO 8601. */
    readonly latestLookAt?: string;
  };
}
