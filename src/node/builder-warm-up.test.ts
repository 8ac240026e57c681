import { test } from 'node:test';
import { warmUpBuilder } from './builder-warm-up.ts';

test('warmUpBuilder builds a module that the rewriter takes', () => warmUpBuilder());
