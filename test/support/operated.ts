import type { Io, Place } from '../../src/cli/io.ts';
import type { Simulation } from '../../src/cli/simulation.ts';
import { noConditions } from '../../src/domain/bind.ts';
import type { Finding } from '../../src/domain/finding.ts';
import type { BoundPolicy } from '../../src/domain/policy.ts';
import { defaultSafety, type Safety } from '../../src/domain/safety.ts';
import { defaultDeployment } from '../../src/sandbox/account.ts';
import { type Ran, runCli } from '../cli/run-cli.ts';
import { tableName } from './filled-table.ts';
import { changesMade, findingsOf, happens, sweepOnce } from './stories.ts';
import { scope, world } from './world.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

type Launched = Parameters<Simulation['sandbox']['account']['launch']>[0];

/** A deployment that enforces, and what a person does to it by the command line. */
export interface Operated {
  readonly simulation: Simulation;
  /** Launches it and lets the deployment work until nothing is due. @returns its id. */
  launch(what: Launched): Promise<string>;
  /** Lets events come, and the deployment work. */
  happens(events?: readonly unknown[]): Promise<void>;
  sweeps(): Promise<void>;
  /** Runs a command on it, in its Region; words with spaces come in a list. */
  run(command: string | readonly string[], io?: Partial<Io>): Promise<Ran>;
  /** What the latest command called of AWS, in order. */
  called(): readonly string[];
  /** Calls that changed EC2 since the start: of the deployment, and of persons. */
  changes(): readonly (readonly [operation: string, input: unknown])[];
  findings(): Promise<readonly Finding[]>;
  /** Where commands went. */
  readonly places: readonly Place[];
}

/** Deploys policies with enforcement on. */
export function operated(policies: readonly BoundPolicy[], safety: Safety = defaultSafety): Operated {
  const simulation = world({
    policies,
    enforcement: { isEnforcing: true, safety: { ...safety, conditions: noConditions } },
    deployed: { ...defaultDeployment(scope), tableName },
  });
  const { sandbox } = simulation;
  const places: Place[] = [];
  let before = 0;

  return {
    simulation,
    places,
    happens: (events) => happens(simulation, events),
    async launch(what) {
      const { events, instances } = sandbox.account.launch(what);
      await happens(simulation, events);
      return instances[0]?.InstanceId ?? '';
    },
    sweeps: () => sweepOnce(simulation),
    run(command, io = {}) {
      before = sandbox.calls.length;
      const words = typeof command === 'string' ? command.split(' ').filter(Boolean) : command;
      const aws = (place: Place) => {
        places.push(place);
        return Promise.resolve(sandbox.aws);
      };
      return runCli([...words, '--region', scope.region], '.', { aws, now: sandbox.now, ...io });
    },
    called: () => sandbox.calls.slice(before).map(({ operation }) => operation),
    changes: () => changesMade(simulation),
    findings: () => findingsOf(simulation),
  };
}
