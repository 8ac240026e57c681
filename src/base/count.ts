/** `1 worker`, `2 workers`: a number and what it counts. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
