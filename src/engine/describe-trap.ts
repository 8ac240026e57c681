import { shownText } from '../base/mod.ts';
import { locate, trapFrames } from './trap-map.ts';

/**
 * What a trap was and where, in the artifact's own terms, for the function's log and for whoever runs a command.
 * @returns undefined for something that is no error
 */
export function describeTrap(trapMap: Uint8Array, trap: unknown): string | undefined {
  if (!(trap instanceof Error)) return undefined;
  const places = trapFrames(trap.stack ?? '').flatMap(({ functionIndex, offset }) => {
    const place = locate(trapMap, functionIndex, offset);
    if (place === undefined) return [];
    const where = `function ${place.functionIndex}, byte 0x${place.offset.toString(16)}`;
    return [place.name === undefined ? `  at ${where}` : `  at ${shownText(place.name)} (${where})`];
  });
  return [`trapped: ${trap.message}`, ...places].join('\n');
}
