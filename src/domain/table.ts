/**
 * Every condition and update that the product puts to its table, by name: whoever answers for the table, DynamoDB or an
 * account in memory, understands these and no others.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 */

/** The table's partition key. There is no sort key. */
export const TABLE_KEY = 'pk';

/** Put: nobody has written this item yet. */
export const NOT_THERE = 'attribute_not_exists(pk)';

/** Put: nobody has written this item since it was read at `:version`, a number. */
export const VERSION_IS = 'version = :version';

/** Scan: items that the sweep must look at whatever EC2 shows. */
export const IS_LIVE = 'attribute_exists(isLive)';

/**
 * Update: these chunks of a sweep are done, once however often it is said, and this is what was done in them; the item may go
 * after `:expiresAt`.
 */
export const ADD_CHUNK = 'ADD doneChunks :chunk, doneWork :work SET expiresAt = :expiresAt';
