/** Bytes in a path, as Linux has it (PATH_MAX). https://man7.org/linux/man-pages/man3/realpath.3.html */
export const pathBytesMax = 4096;

/** Bytes in one name of a path (NAME_MAX). */
export const nameBytesMax = 255;

/** Symbolic links followed for one path. https://man7.org/linux/man-pages/man7/path_resolution.7.html */
export const symlinksFollowedMax = 40;

/** The logical size of one file, holes and all: far past any budget, and exact as a JavaScript number. */
export const fileSizeBytesMax: number = 2 ** 40;

/** What a file, directory or link costs of the budget beside its content: about what its object takes on V8's heap. */
export const nodeCostBytes = 256;

/** What an entry of a directory costs beside its name. */
export const entryCostBytes = 128;

/** What a chunk of a file costs beside its bytes: files of many small chunks with holes between them are not for free. */
export const chunkCostBytes = 192;
