/** What walking the bodies found out about the module. */
export interface BodyFindings {
  /** Tables that some instruction changes, and those that some instruction grows. */
  readonly tablesChanged: Set<number>;
  readonly tablesGrown: Set<number>;
  /** The guest's functions that some `ref.func` takes a reference of. */
  readonly functionsReferenced: Set<number>;
  /** How often each pass had something to do. */
  checks: number;
  /** Loops that need no checks, as they end by themselves before long. */
  loopsUnchecked: number;
  marks: number;
  /** Marks that an earlier one spoke for. */
  marksSaved: number;
}

/** Where an instruction stands after and before the rewriting: offsets into the new code and into the artifact. */
export interface OffsetPair {
  readonly after: number;
  readonly before: number;
  /** Copied code keeps its distances; what replaces an instruction or is put before it all stands for that instruction. */
  readonly kind: 'copied' | 'replaced';
}
