import { LEASE_MS } from '../../src/domain/time.ts';
import { TIMEOUT } from '../../src/stack/queues.ts';

test('whoever took something on is dead by the time another may have it', () => {
  expect(LEASE_MS).toBeGreaterThanOrEqual(2 * TIMEOUT * 1000);
});
