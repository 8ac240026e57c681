/**
 * The builder: a short-lived process that makes one artifact an image. Everything that touches untrusted bytes at deploy time
 * happens here, where there is no network, no file to write, little memory and little time.
 */
import { isMayflyError, toWireError } from '../base/mod.ts';
import { buildImage, kindOfArtifact } from '../engine/mod.ts';
import { leaveCodeCache } from './code-cache.ts';
import type { BuilderReadiness } from './builder.ts';
import { warmUpBuilder } from './builder-warm-up.ts';
import type { FromBuilder, ToBuilder } from './protocol.ts';

leaveCodeCache();

async function answer({ artifact, settings }: ToBuilder): Promise<FromBuilder> {
  try {
    const image = await buildImage(artifact, settings);
    return { kind: 'built', image, artifactKind: kindOfArtifact(artifact) };
  } catch (error) {
    if (isMayflyError(error)) return { kind: 'refused', error: toWireError(error) };
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: 'refused', error: toWireError(error), detail };
  }
}

process.once('message', (message: ToBuilder) => {
  void answer(message).then((reply) => process.send?.(reply, () => process.disconnect?.()));
});
// Whoever started this process is gone, and so is the reason to go on.
process.once('disconnect', () => process.exit());
if (process.argv[2] === ('warm' satisfies BuilderReadiness)) await warmUpBuilder();
