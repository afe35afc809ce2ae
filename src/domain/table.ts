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

/**
 * The index of what is due, by `due` and `dueAt`: only items that have both are in it, and of these it holds the keys.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-general-sparse-indexes.html
 */
export const DUE_INDEX = 'due';

/** What `due` of an item that waits for its time holds, always: the index has one partition. */
export const DUE = '1';

/** Query of the index: what is due by `:now`, in ISO 8601 as `dueAt` is, the longest due first. */
export const DUE_BY = 'due = :due AND dueAt <= :now';

/** Update: `:size` of a budget is used; the item may go after `:expiresAt`. */
export const RESERVE = 'ADD used :size SET expiresAt = :expiresAt';

/**
 * Update: of what flows in steadily, what comes in `:size` milliseconds is taken ahead; the item may go after `:expiresAt`.
 */
export const TAKE_AHEAD = 'ADD takenUntil :size SET expiresAt = :expiresAt';

/** Update: something was taken of what comes after `:now`, in milliseconds as `:room` is, and no more than comes until `:room`. */
export const IS_AHEAD = 'takenUntil >= :now AND takenUntil <= :room';

/** Update: what comes until `:until`, in milliseconds, is taken, and nothing after it. */
export const TAKE_ANEW = 'SET takenUntil = :until, expiresAt = :expiresAt';

/** Update: nothing was taken of what comes after `:now`, in milliseconds. */
export const IS_FULL = 'attribute_not_exists(takenUntil) OR takenUntil < :now';

/** Update: no more than `:room`, a number, of the budget is used yet. */
export const HAS_ROOM = 'attribute_not_exists(used) OR used <= :room';
