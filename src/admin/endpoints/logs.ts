import { z } from 'zod';
import { type LogLine, Scope } from '../../control/mod.ts';
import { type Endpoint, endpoint, Reach } from '../endpoint.ts';
import { logLineSchema, pageSchema, wholeNumber } from '../schemas.ts';
import { logLineView } from '../views.ts';

interface LogQuery {
  readonly follow?: '1';
  readonly since?: string;
  readonly after?: string;
  readonly limit: number;
}

const logQuery: z.ZodType<LogQuery> = z.strictObject({
  follow: z.literal('1').exactOptional().describe('Server-sent events: what is kept, then each line as it is written'),
  since: z.iso.datetime().exactOptional().describe('Only lines from this time on'),
  after: z.string().min(1).max(512).exactOptional().describe('Only lines behind the one of this cursor'),
  limit: wholeNumber(1, 1000).default(200).describe('Lines at most, the newest; not for `follow`'),
});

/** What functions write to their logs. */
export const logEndpoints: readonly Endpoint[] = [
  endpoint({
    id: 'getLogs',
    method: 'GET',
    path: '/v1/projects/{project}/functions/{function}/logs',
    summary: 'What a function has written to its log: the newest lines, or all as they come as events `line`',
    access: { scope: Scope.read, reach: Reach.project },
    kind: 'events',
    query: logQuery,
    answer: pageSchema(logLineSchema),
    status: 200,
    handle: async ({ params, query, signal, events }, { control, logs }) => {
      const { project, function: name } = params;
      // Lines of a function that is gone are nobody's.
      await control.functions.get(project, name);
      const sinceMs = query.since === undefined ? -Infinity : Date.parse(query.since);
      const since = query.after === undefined ? {} : { since: query.after };
      if (query.follow === undefined) {
        const newest: LogLine[] = [];
        for await (const line of logs.read(project, name, { ...since, follow: 'once', signal })) {
          if (line.at < sinceMs) continue;
          newest.push(line);
          if (newest.length > query.limit) newest.shift();
        }
        return { body: { items: newest.map(logLineView) } };
      }
      const stream = events();
      const lines: AsyncIterable<LogLine> = logs.read(project, name, {
        ...since,
        follow: 'follow',
        signal: stream.signal,
      });
      for await (const line of lines) if (line.at >= sinceMs) await stream.send('line', logLineView(line));
      stream.end();
      return {};
    },
  }),
];
