#!/usr/bin/env node
/** `with-node26.mjs [FLAG…] FILE.ts [ARG…]`: runs a program of the repository on the node that Mayfly runs on. */
import { findNode } from './find-node.mjs';
import { passThrough } from './pass-through.mjs';

passThrough(findNode(), process.argv.slice(2));
