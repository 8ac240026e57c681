import { Agent, type AgentOptions } from 'node:http';
import { sendRequest } from '../node/mod.ts';

/** A `fetch` whose requests all go to a socket in the file system, whatever host they are for. */
export function socketFetch(socketPath: string): typeof fetch {
  // An agent's options go to net.connect as well: https://nodejs.org/api/http.html#new-agentoptions
  const options: AgentOptions & { readonly socketPath: string } = { socketPath };
  const agent = new Agent(options);
  return (resource, init) => sendRequest(agent, 'http://localhost', resource, init);
}
