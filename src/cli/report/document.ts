import type { Json } from '../../domain/json.ts';
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
  readonly origin?: 'launch' | 'drift';
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
  /** Mutating calls on inspected resources, in order: none while nothing enforces. */
  readonly calls: readonly {
    readonly service: string;
    readonly operation: string;
    readonly input: Json;
    readonly outcome: string;
  }[];
}
