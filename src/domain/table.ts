/**
 * Every condition and update that the product puts to its table, by name: the sandbox understands these and no others.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 */

/** Nobody has written this item yet. */
export const NOT_THERE = 'attribute_not_exists(pk)';

/** Nobody has written this item since it was read at `:version`. */
export const VERSION_IS = 'version = :version';

/** Adds `:chunk` to the set of chunks that are done, once however often it is said, and lets the item expire. */
export const ADD_CHUNK = 'ADD doneChunks :chunk SET expiresAt = :expiresAt';
