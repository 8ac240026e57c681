const longest = 200;

/** Control and format characters, which a terminal acts on, and line ends of other scripts. */
const acting = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * Text that somebody else wrote, as it can stand in a line for a person: what a terminal would act on is written as an escape, and
 * what is too long is cut.
 */
export function shownText(text: string, lengthMax: number = longest): string {
  const kept = text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text;
  return kept.replace(acting, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
