/**
 * A file system in memory. A function's files are a `Tree`, frozen and shared by all its requests; what a request does to
 * them happens in its `Volume`, within its `Budget`, and is gone with it. Nothing here knows of descriptors or rights.
 */
export { Budget } from './budget.ts';
export { fileSizeBytesMax, pathBytesMax } from './limits.ts';
export { type LoadedTree, loadTree, type LoadTreeLimits } from './load-tree.ts';
export { DirectoryNode, type Entry, FileNode, type Node } from './nodes.ts';
export { LastLink, Resolver } from './resolve.ts';
export { emptyTree, type Tree, TreeBuilder, type TreeNode } from './tree.ts';
export { Volume } from './volume.ts';
