import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { isMayflyError } from '../../base/mod.ts';
import { Authorization, CgiEnvironment, type CgiRequest } from './environment.ts';

const plain: CgiRequest = {
  method: 'GET',
  path: '/',
  query: '',
  mountPath: '',
  headers: [],
  httpVersion: '1.1',
  serverName: 'example.org',
  serverPort: 8080,
  remoteAddress: '192.0.2.7',
  remotePort: 40_000,
  bodyBytes: 0,
};

const options = { serverSoftware: 'Mayfly/0' };

function parsed(text: string): Map<string, string> {
  assert.ok(text.endsWith('\0'));
  const entries = text
    .slice(0, -1)
    .split('\0')
    .map((entry): [string, string] => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]);
  const variables = new Map(entries);
  assert.equal(variables.size, entries.length, 'no name comes twice');
  return variables;
}

function environ(request: Partial<CgiRequest>, own: Record<string, string> = {}, more = {}): Map<string, string> {
  return parsed(new CgiEnvironment(own, { ...options, ...more }).of({ ...plain, ...request })());
}

function headers(...pairs: string[]): Map<string, string> {
  const variables = environ({ headers: pairs });
  return new Map([...variables].filter(([name]) => name.startsWith('HTTP_') || name.startsWith('CONTENT_')));
}

describe('CgiEnvironment', () => {
  test('sets what RFC 3875 asks for', () => {
    assert.deepEqual(
      Object.fromEntries(
        environ({
          method: 'POST',
          path: '/a/b%20c',
          query: 'x=%20&y',
          bodyBytes: 12,
          headers: ['Host', 'example.org', 'content-type', 'a/b', 'Content-Length', '12'],
        }),
      ),
      {
        REQUEST_METHOD: 'POST',
        REQUEST_URI: '/a/b%20c?x=%20&y',
        SCRIPT_NAME: '',
        PATH_INFO: '/a/b c',
        QUERY_STRING: 'x=%20&y',
        SERVER_NAME: 'example.org',
        SERVER_PORT: '8080',
        SERVER_PROTOCOL: 'HTTP/1.1',
        REMOTE_ADDR: '192.0.2.7',
        REMOTE_PORT: '40000',
        CONTENT_LENGTH: '12',
        CONTENT_TYPE: 'a/b',
        HTTP_HOST: 'example.org',
        GATEWAY_INTERFACE: 'CGI/1.1',
        SERVER_SOFTWARE: 'Mayfly/0',
      },
    );
  });

  test('CONTENT_LENGTH is what the gateway counted, and is not there when it could not', () => {
    assert.equal(environ({ bodyBytes: 5, headers: ['Content-Length', '99'] }).get('CONTENT_LENGTH'), '5');
    assert.equal(
      environ({ bodyBytes: undefined, headers: ['Transfer-Encoding', 'chunked'] }).get('CONTENT_LENGTH'),
      undefined,
    );
    assert.equal(environ({ bodyBytes: 0 }).get('CONTENT_LENGTH'), undefined);
    assert.equal(environ({ bodyBytes: 0, headers: ['content-length', '0'] }).get('CONTENT_LENGTH'), '0');
  });

  for (const [path, mountPath, scriptName, pathInfo] of [
    ['/', '', '', '/'],
    ['/fn', '/fn', '/fn', ''],
    ['/fn/', '/fn', '/fn', '/'],
    ['/fn/a', '/fn', '/fn', '/a'],
    ['/fn/a', '/fn/', '/fn/', 'a'],
    ['/fnord', '/fn', '', '/fnord'],
    ['/a%2Fb/%C5%BC', '', '', '/a/b/ż'],
    ['/a%20b/x', '/a%20b', '/a b', '/x'],
    ['/\xc5\xbc', '', '', '/ż'],
    ['/+', '', '', '/+'],
  ] as const) {
    test(`splits ${path} mounted at "${mountPath}"`, () => {
      const variables = environ({ path, mountPath });
      assert.deepEqual([variables.get('SCRIPT_NAME'), variables.get('PATH_INFO')], [scriptName, pathInfo]);
    });
  }

  for (const path of ['/a%00b', '/%', '/%zz', '/%c3%28', '/%ff', '/%ed%a0%80']) {
    test(`refuses the path ${path} before anything is started`, () => {
      assert.throws(
        () => new CgiEnvironment({}, options).of({ ...plain, path }),
        (error) => isMayflyError(error, 'bad_request'),
      );
    });
  }

  test('headers become HTTP_ variables, those of one name one variable', () => {
    assert.deepEqual(
      Object.fromEntries(
        headers('Accept', 'a', 'X-Forwarded-For', '1', 'accept', 'b', 'ACCEPT', 'c', 'Cookie', 'x=1', 'cookie', 'y=2'),
      ),
      {
        HTTP_ACCEPT: 'a, b, c',
        HTTP_X_FORWARDED_FOR: '1',
        HTTP_COOKIE: 'x=1; y=2',
      },
    );
    assert.deepEqual(
      Object.fromEntries(
        headers(
          'Host',
          'a',
          'Host',
          'b',
          'Content-Type',
          'x',
          'Content-Type',
          'y',
          'User-Agent',
          'm',
          'User-Agent',
          'n',
        ),
      ),
      {
        HTTP_HOST: 'a',
        HTTP_USER_AGENT: 'm',
        CONTENT_TYPE: 'x',
      },
    );
  });

  test('httpoxy: no header becomes HTTP_PROXY', () => {
    assert.equal(headers('Proxy', 'evil', 'PROXY', 'evil', 'pRoXy', 'evil').size, 0);
  });

  test('no two headers become the same variable', () => {
    assert.deepEqual(
      Object.fromEntries(
        headers(
          'X-Real-Ip',
          '1',
          'X_Real_Ip',
          '2',
          'X-Real_Ip',
          '3',
          'X.Real.Ip',
          '4',
          'X Real',
          '5',
          '',
          '6',
          'X-Ré',
          '7',
        ),
      ),
      { HTTP_X_REAL_IP: '1' },
    );
  });

  test('what is about the connection, or secret, stays with the gateway', () => {
    assert.equal(
      headers(
        'Connection',
        'x',
        'Keep-Alive',
        'x',
        'TE',
        'x',
        'Trailer',
        'x',
        'Transfer-Encoding',
        'x',
        'Upgrade',
        'x',
        'Proxy-Authorization',
        'x',
        'Proxy-Connection',
        'x',
      ).size,
      0,
    );
    const request = { headers: ['Authorization', 'Bearer t'] };
    assert.equal(environ(request).get('HTTP_AUTHORIZATION'), undefined);
    assert.equal(environ(request, {}, { authorization: Authorization.pass }).get('HTTP_AUTHORIZATION'), 'Bearer t');
  });

  test("the function's own variables are there, but for those a request sets", () => {
    const variables = environ(
      { headers: ['Host', 'h'] },
      { KEY: 'v', HTTP_PROXY: 'http://proxy', HTTP_HOST: 'own', REQUEST_METHOD: 'own', REMOTE_USER: 'own' },
    );
    assert.equal(variables.get('KEY'), 'v');
    assert.equal(variables.get('HTTP_PROXY'), 'http://proxy');
    assert.equal(variables.get('HTTP_HOST'), 'h');
    assert.equal(variables.get('REQUEST_METHOD'), 'GET');
    assert.equal(variables.has('REMOTE_USER'), false);
  });

  test('nothing in a request can add a variable', () => {
    const anything = fc.string({
      unit: fc.constantFrom('a', '\0', '=', '\n', '%', '0', '\xff', '_', '-', ';', 'ż', '\ud800'),
    });
    const maker = new CgiEnvironment({ OWN: '1' }, options);
    fc.assert(
      fc.property(
        fc.array(anything, { maxLength: 8 }),
        anything,
        anything,
        anything,
        (pairs, query, serverName, method) => {
          const names = [...parsed(maker.of({ ...plain, headers: pairs, query, serverName, method })()).keys()];
          for (const name of names) assert.match(name, /^(?:OWN|[A-Z]+_[A-Z_]+|HTTP_[A-Z0-9_-]+)$/);
        },
      ),
    );
  });

  test('values are the bytes that came where those are UTF-8, else Latin-1', () => {
    const wire = Buffer.from('żółw').toString('latin1');
    assert.equal(headers('X-A', wire).get('HTTP_X_A'), 'żółw');
    assert.equal(headers('X-A', 'caf\xe9').get('HTTP_X_A'), 'café');
  });

  test('names of headers are not kept without end', () => {
    const maker = new CgiEnvironment({}, options);
    for (let index = 0; index < 1000; index++) {
      const variables = parsed(maker.of({ ...plain, headers: [`X-${index}`, 'v'] })());
      assert.equal(variables.get(`HTTP_X_${index}`), 'v');
    }
  });
});
