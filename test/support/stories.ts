import type { Simulation } from '../../src/cli/simulation.ts';
import type { Finding } from '../../src/domain/finding.ts';
import { isChanging, type Operation } from '../../src/domain/operations.ts';
import { readAllRecords } from '../../src/engine/store.ts';
import { sweep } from '../../src/engine/sweep.ts';

/** How long nothing is due once it is quiet: no message can be put off for longer. */
const QUIET_MS = 900_000;

/** Lets events come, and the deployment work until nothing is due. */
export async function happens(simulation: Simulation, events: readonly unknown[] = []): Promise<void> {
  for (const event of events) simulation.send(event);
  await simulation.runUntilQuiet(QUIET_MS);
}

/** A sweep, and all that comes of it. */
export async function sweepOnce(simulation: Simulation): Promise<void> {
  await sweep(simulation.engine);
  await simulation.runUntilQuiet(QUIET_MS);
}

/** Lets time pass, and what is due by then be done. */
export async function wait(simulation: Simulation, milliseconds: number): Promise<void> {
  simulation.sandbox.advance(milliseconds);
  await happens(simulation, [{ kind: 'tick' }]);
}

/** Works on as Lambda does: a run that failed as a whole comes again when its messages are visible again. */
export async function settle(simulation: Simulation): Promise<void> {
  for (let runs = 0; runs < 20; runs++) {
    try {
      await simulation.runUntilQuiet(QUIET_MS);
      return;
    } catch {
      // The messages of that run are hidden for six minutes, and then due again.
    }
  }
  throw new Error('it never came to rest');
}

/** Calls that were to change EC2, of the deployment and of persons, with or without success. */
export function changesMade({ sandbox }: Simulation): readonly (readonly [operation: string, input: unknown])[] {
  return sandbox.calls
    .filter(({ operation }) => isChanging(operation))
    .map(({ operation, input }) => [operation, input]);
}

/** The inputs of all calls of an operation. */
export function inputsOf({ sandbox }: Simulation, wanted: Operation): readonly unknown[] {
  return sandbox.calls.flatMap(({ operation, input }) => (operation === wanted ? [input] : []));
}

/** All findings that the table holds. */
export async function findingsOf({ engine }: Simulation): Promise<readonly Finding[]> {
  return (await readAllRecords(engine)).flatMap(({ findings }) => findings);
}

/** The mail texts of all that was told, each in one line. */
export function mails({ sandbox }: Simulation): readonly string[] {
  return sandbox.account.published.map(({ message }) =>
    (JSON.parse(message) as { default: string }).default.replaceAll(/\s+/g, ' '),
  );
}
