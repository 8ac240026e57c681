import { isIPv6 } from 'node:net';

/** How many connections each address may have at once. Whoever has an IPv6 network of the usual size has all addresses of it. */
export class AddressQuota {
  readonly #eachMax: number;
  readonly #taken = new Map<string, number>();

  constructor(eachMax: number) {
    this.#eachMax = eachMax;
  }

  /**
   * Takes one for `address`; sockets in the file system have none, and are not counted.
   * @returns what gives it back; undefined when the address has all that it may have
   */
  take(address: string | undefined): (() => void) | undefined {
    if (address === undefined) return nothing;
    const network = networkOf(address);
    const taken = this.#taken.get(network) ?? 0;
    if (taken >= this.#eachMax) return undefined;
    this.#taken.set(network, taken + 1);
    return () => {
      const left = (this.#taken.get(network) ?? 1) - 1;
      if (left > 0) this.#taken.set(network, left);
      else this.#taken.delete(network);
    };
  }
}

const nothing = (): void => {};

/** An IPv4 address, also one that is written as IPv6, as it is; of another IPv6 address its first 64 bits: RFC 4291, section 2.5.4. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [plain = ''] = address.split('%');
  if (!isIPv6(plain)) return address;
  const [head = '', tail] = plain.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
