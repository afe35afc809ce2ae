import type { Aws, Operation } from '../domain/operations.ts';
import { isDenied } from './reads.ts';

/** The way to AWS that tells of each call refused for want of a permission, whatever becomes of the refusal then. */
export function withRefusalsTold(aws: Aws, tell: (operation: Operation) => void): Aws {
  return async (operation, input) => {
    try {
      return await aws(operation, input);
    } catch (error) {
      if (isDenied(error)) tell(operation);
      throw error;
    }
  };
}
