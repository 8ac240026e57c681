import { fromWireError, MayflyError, type WireError } from '../base/mod.ts';
import type { GatewayVersion, PreviewSource } from '../gateway/mod.ts';
import { previewDeadlineMs, previewsMax } from './limits.ts';
import type { Forwards } from './forwards.ts';
import type { DeployedVersion, Forward } from './protocol.ts';
import type { HeldVersions, VersionShelf } from './version-shelf.ts';

interface Preview {
  readonly version: Promise<GatewayVersion>;
  held: HeldVersions | undefined;
}

/**
 * The versions that were asked for by their own hosts. The supervisor tells what is behind a host; what it tells is loaded, and kept until
 * others are wanted more, or something else is published.
 */
export class PreviewVersions implements PreviewSource {
  readonly domain: string;
  readonly #shelf: VersionShelf;
  readonly #forwards: Pick<Forwards, 'version'>;
  readonly #ask: (host: string) => void;
  /** In the order they were last asked for. */
  readonly #previews = new Map<string, Preview>();
  readonly #waiting = new Map<string, PromiseWithResolvers<DeployedVersion | Forward>>();

  /** @param ask has the supervisor call `tell` */
  constructor(domain: string, shelf: VersionShelf, forwards: Pick<Forwards, 'version'>, ask: (host: string) => void) {
    this.domain = domain;
    this.#shelf = shelf;
    this.#forwards = forwards;
    this.#ask = ask;
  }

  find(host: string): Promise<GatewayVersion> {
    const found = this.#previews.get(host);
    if (found !== undefined) {
      this.#previews.delete(host);
      this.#previews.set(host, found);
      return found.version;
    }
    const preview: Preview = { version: this.#load(host, () => preview), held: undefined };
    this.#previews.set(host, preview);
    // What cannot be had is asked for anew the next time.
    preview.version.catch(() => this.#forget(host, preview));
    const [oldest] = this.#previews;
    if (this.#previews.size > previewsMax && oldest !== undefined) this.#forget(...oldest);
    return preview.version;
  }

  /** What the supervisor has to say about a host. */
  tell(host: string, found: DeployedVersion | Forward | WireError): void {
    const waiting = this.#waiting.get(host);
    this.#waiting.delete(host);
    if ('code' in found) waiting?.reject(fromWireError(found));
    else waiting?.resolve(found);
  }

  /** Has everything be looked up anew: what is behind the hosts may be something else by now. */
  clear(): void {
    for (const [host, preview] of this.#previews) this.#forget(host, preview);
  }

  async #load(host: string, self: () => Preview): Promise<GatewayVersion> {
    const version = await this.#lookUp(host);
    if ('sockets' in version) return this.#forwards.version(version);
    const held = await this.#shelf.hold([version]);
    const [first] = held.versions;
    if (first === undefined || this.#previews.get(host) !== self()) {
      held.release();
      throw new MayflyError('overloaded', {});
    }
    self().held = held;
    return { loaded: first.loaded, limits: version.limits };
  }

  async #lookUp(host: string): Promise<DeployedVersion | Forward> {
    const waiting = Promise.withResolvers<DeployedVersion | Forward>();
    this.#waiting.get(host)?.reject(new MayflyError('overloaded', {}));
    this.#waiting.set(host, waiting);
    // A supervisor that has just ended has not heard it.
    const deadline = setTimeout(() => waiting.reject(new MayflyError('overloaded', {})), previewDeadlineMs);
    this.#ask(host);
    try {
      return await waiting.promise;
    } finally {
      clearTimeout(deadline);
    }
  }

  #forget(host: string, preview: Preview): void {
    if (this.#previews.get(host) === preview) this.#previews.delete(host);
    preview.held?.release();
    preview.held = undefined;
  }
}
