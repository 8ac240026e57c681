/** Blobs as files of one folder, named by their content. */
export { FileBlobs } from './file-blobs.ts';
