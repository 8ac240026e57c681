import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { startAdminUnderTest } from '../../test/support/admin-under-test.ts';
import { isName } from '../base/mod.ts';
import { endpoints } from './endpoints/mod.ts';
import { openApiDocument } from './openapi.ts';
import { namePattern } from './params.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const document = openApiDocument(endpoints) as unknown as Document;

test('openApiDocument has every endpoint once, with the parameters of its path', () => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  assert.equal(operations.length, endpoints.length);
  assert.equal(new Set(operations.map(({ operation }) => operation.operationId)).size, endpoints.length);
  for (const { path, operation } of operations) {
    const named = operation.parameters.filter((one) => one.in === 'path').map(({ name }) => name);
    assert.deepEqual(
      named,
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
      path,
    );
  }
});

test('openApiDocument refers to nothing that it does not have, and has nothing that is not referred to', () => {
  const text = JSON.stringify(document);
  const referred = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref));
  const components = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  assert.deepEqual([...referred].toSorted(), components.toSorted());
  assert.doesNotMatch(text, /\$defs|"id":"[A-Z]/);
});

test('openApiDocument says of inputs what is checked: an unknown key is one too many', () => {
  const { DeployInput, Route } = document.components.schemas as Record<string, Record<string, unknown>>;
  assert.equal(DeployInput?.['additionalProperties'], false);
  assert.deepEqual(DeployInput?.['required'], ['artifact', 'settings']);
  assert.deepEqual(Object.keys(Route?.['properties'] ?? {}), ['path', 'host']);
});

test('namePattern takes what isName takes', () => {
  for (const name of ['a', 'a-b', '0', 'a'.repeat(63), '', '-a', 'a-', 'A', 'a'.repeat(64), 'a.b', 'a\n', 'ä', 'a_b'])
    assert.equal(namePattern.test(name), isName(name), JSON.stringify(name));
});

test('what endpoints answer is what their schemas say', async (t) => {
  const admin = await startAdminUnderTest(t);
  const fills: Readonly<Record<string, string>> = { project: 'shop', function: 'cart', version: '1', secret: 'KEY' };
  const headers = { authorization: `Bearer ${admin.nodeToken}` };
  let checked = 0;
  for (const { method, path, schemas } of endpoints) {
    if (method !== 'GET' || schemas.answer === undefined) continue;
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => fills[name] ?? '');
    const response = await fetch(`${admin.url}${filled}`, { headers });
    assert.equal(response.status, 200, path);
    z.parse(schemas.answer, await response.json());
    checked++;
  }
  assert.ok(checked > 10);
});
