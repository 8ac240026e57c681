/** Records in one file of node:sqlite. */
export { SqliteRecords } from './sqlite-records.ts';
