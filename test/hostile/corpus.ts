/**
 * The attack corpus: everything that this repository knows to throw at a node, as data. To add an attack, add an entry to one of
 * the lists below; a new guest is a fragment in guests/, and gets a place in functions.ts.
 */
import { encodings } from './artifacts/encodings.ts';
import { indexes } from './artifacts/indexes.ts';
import { resources } from './artifacts/resources.ts';
import type { ArtifactAttack, Attack } from './attack.ts';
import { clientAttacks } from './client-attacks.ts';
import { commandAttacks } from './command-attacks.ts';
import { guestAttacks } from './guest-attacks.ts';

/** Artifacts that must not become images. */
export const artifactAttacks: readonly ArtifactAttack[] = [...encodings, ...indexes, ...resources];

/** All attacks there are. */
export const corpus: readonly Attack[] = [...artifactAttacks, ...guestAttacks, ...clientAttacks, ...commandAttacks];
