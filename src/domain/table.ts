/**
 * The conditions and updates that are written to the findings table, by name: whoever answers for the table
 * (DynamoDB, or an account in memory) understands these and nothing else.
 */

/** The attribute that is the table's key: its partition key, without a sort key. */
export const TABLE_KEY = 'pk';

/** Put: nobody has written this item. */
export const NOT_THERE = 'attribute_not_exists(pk)';

/** Put: nobody has written this item since it was read. `:version` is a number. */
export const VERSION_IS = 'version = :version';

/** Update: these chunks of the sweep are done. `:chunk` is a number set; adding one twice adds it once. */
export const ADD_CHUNK = 'ADD doneChunks :chunk';
