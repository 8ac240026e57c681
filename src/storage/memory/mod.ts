/** Storage that is gone with its process: for tests. It keeps to everything else that storage promises. */
export { MemoryBlobs } from './memory-blobs.ts';
export { MemoryRecords } from './memory-records.ts';
