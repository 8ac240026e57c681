/** A machine that allows so many allows more than an engine asks for, or says so when it is asked. */
const probedMax = 256;
/** Of a machine that allows few, what is left for other things than slots, and for memories that wait to be collected. */
const reservedShare = 1 / 4;

/**
 * How many WebAssembly memories an engine can count on, at most `wanted`. V8 reserves 8 GiB of addresses for each: a process of
 * 47-bit addresses has room for 16,363, one of 39 bits, as on ARM gateways, for about 60. Takes 3 ms.
 */
export function memoriesOfMachine(wanted: number): number {
  const probed: WebAssembly.Memory[] = [];
  try {
    while (probed.length < Math.min(probedMax, wanted)) probed.push(new WebAssembly.Memory({ initial: 0, maximum: 1 }));
    return wanted;
  } catch {
    return Math.floor(probed.length * (1 - reservedShare));
  }
}
