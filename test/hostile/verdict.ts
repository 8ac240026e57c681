/** Whether one attempt of an attack was contained. */
export interface Verdict {
  readonly attack: string;
  /** What went wrong; undefined when it was contained. */
  readonly problem: string | undefined;
}
