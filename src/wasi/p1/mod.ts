/**
 * WASI preview1: a file per group of calls. A request's way through it is in host.ts; what the calls share is in
 * descriptors.ts, vectors.ts and waits.ts, the numbers of the ABI in abi.ts and signatures.ts.
 */
export { P1Host, type P1Options, type P1Request, type P1System } from './host.ts';
export { Preopen } from './preopen.ts';
export { type P1Name, p1Names, type P1Signature, p1Signatures } from './signatures.ts';
export { environText, untilNul } from './strings.ts';
