/**
 * The control plane beside an oracle that is nothing but what was asked for, with crashes at its writes. After every step what is served is
 * what the oracle says. A step that a crash ended may have happened or not, and nothing in between; one that was acknowledged has.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { isMayflyError } from '../../src/base/mod.ts';
import type { Route } from '../../src/config/mod.ts';
import { MemoryRecords } from '../../src/storage/memory/mod.ts';
import { type ControlUnderTest, openControl, operator } from '../support/control-under-test.ts';
import { type CrashPlan, CrashingRecords } from './crashing-records.ts';

/** A deployment, as the oracle knows it: percents by version. */
type Weights = Readonly<Record<number, number>>;

interface ModelFunction {
  readonly artifacts: Readonly<Record<number, string>>;
  readonly weights: Weights;
  readonly before: readonly Weights[];
  readonly routes: readonly string[];
}

/** All that the oracle knows. */
interface Model {
  readonly functions: Readonly<Record<string, ModelFunction>>;
  readonly secret: string | undefined;
}

interface Real {
  control: ControlUnderTest;
  records: CrashingRecords;
  readonly store: MemoryRecords;
}

/** Something that is asked of the control plane. */
interface Step {
  readonly text: string;
  [fc.toStringMethod](): string;
  /** What the oracle makes of it; `refused` when it is to be, and `unasked` when the oracle is not made for it. */
  expect(model: Model): Model | 'refused' | 'unasked';
  run(control: ControlUnderTest): Promise<unknown>;
}

const latest = (one: ModelFunction): number => Math.max(...Object.keys(one.artifacts).map(Number));

function withFunction(model: Model, name: string, next: ModelFunction | undefined): Model {
  const { [name]: _, ...others } = model.functions;
  return { ...model, functions: next === undefined ? others : { ...others, [name]: next } };
}

/** Whether a function other than `name` has one of `routes`. */
function isTaken(model: Model, name: string, routes: readonly string[]): boolean {
  return Object.entries(model.functions).some(
    ([other, one]) => other !== name && one.routes.some((route) => routes.includes(route)),
  );
}

const routesOf = (routes: readonly string[]): Route[] =>
  routes.map((text) => (text.startsWith('/') ? { path: text } : { host: text.slice(0, -1), path: '/' }));

function makeStep(text: string, rest: Pick<Step, 'expect' | 'run'>): Step {
  return { text, [fc.toStringMethod]: () => text, ...rest };
}

function deploy(name: string, artifact: string, routes: readonly string[] | undefined, all: string): Step {
  return makeStep(`deploy ${name} ${artifact} ${routes?.join() ?? '-'} ${all}`, {
    expect: (model) => {
      const current = model.functions[name];
      const wanted = routes ?? current?.routes ?? [`/${name}/*`];
      if (isTaken(model, name, wanted)) return 'refused';
      const last = current === undefined ? 0 : latest(current);
      const number = current?.artifacts[last] === artifact ? last : last + 1;
      const others = Object.entries(current?.weights ?? {}).filter(([version]) => Number(version) !== number);
      // The oracle splits between two versions only.
      if (all === 'half' && others.length > 1) return 'unasked';
      if (all === 'half' && others.length === 0) return 'refused';
      const weights: Weights = all === 'all' ? { [number]: 100 } : { [Number(others[0]?.[0])]: 50, [number]: 50 };
      const isMoved = current !== undefined && !isDeepStrictEqual(current.weights, weights);
      return withFunction(model, name, {
        artifacts: { ...current?.artifacts, [number]: artifact },
        weights,
        before: isMoved ? [current.weights, ...current.before] : (current?.before ?? []),
        routes: wanted,
      });
    },
    run: ({ deploy: run }) =>
      run('default', name, artifact, {
        ...(routes === undefined ? {} : { routes: routesOf(routes) }),
        ...(all === 'all' ? {} : { percent: 50 }),
      }),
  });
}

function rollback(name: string): Step {
  return makeStep(`rollback ${name}`, {
    expect: (model) => {
      const current = model.functions[name];
      if (current === undefined) return 'refused';
      const newest = Math.max(...Object.keys(current.weights).map(Number));
      const index = current.before.findIndex((weights) => !Object.hasOwn(weights, newest));
      const weights = current.before[index];
      if (weights === undefined) return 'refused';
      return withFunction(model, name, { ...current, weights, before: current.before.slice(index + 1) });
    },
    run: ({ plane }) => plane.functions.rollback('default', name, undefined, operator),
  });
}

function weigh(name: string, version: number): Step {
  return makeStep(`weigh ${name} ${version}`, {
    expect: (model) => {
      const current = model.functions[name];
      if (current === undefined || !Object.hasOwn(current.artifacts, version)) return 'refused';
      return withFunction(model, name, {
        ...current,
        weights: { [version]: 100 },
        before: [current.weights, ...current.before],
      });
    },
    run: ({ plane }) =>
      plane.functions.setWeights('default', name, [{ version, percent: 100 }] as never, undefined, operator),
  });
}

function remove(name: string): Step {
  return makeStep(`delete ${name}`, {
    expect: (model) => (model.functions[name] === undefined ? 'refused' : withFunction(model, name, undefined)),
    run: ({ plane }) => plane.functions.delete('default', name, operator),
  });
}

function putSecret(value: string): Step {
  return makeStep(`secret ${value}`, {
    expect: (model) => ({ ...model, secret: value }),
    run: ({ plane }) => plane.secrets.put('default', 'KEY', value, operator),
  });
}

const names = fc.constantFrom('a', 'b');
const someRoutes: fc.Arbitrary<readonly string[] | undefined> = fc.option(
  fc.constantFrom(['/one'], ['/one', '/two'], ['h.org/']),
  { nil: undefined, freq: 1 },
);
const deploys = fc.tuple(names, fc.constantFrom('x', 'y', 'z'), someRoutes, fc.constantFrom('all', 'all', 'half'));
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: deploys.map((args) => deploy(...args)) },
  { weight: 2, arbitrary: names.map(rollback) },
  { weight: 2, arbitrary: fc.tuple(names, fc.integer({ min: 1, max: 4 })).map((args) => weigh(...args)) },
  { weight: 1, arbitrary: names.map(remove) },
  { weight: 1, arbitrary: fc.constantFrom('s1', 's2').map(putSecret) },
);

const crashes: fc.Arbitrary<CrashPlan | undefined> = fc.option(
  fc.record({ writes: fc.nat({ max: 8 }), when: fc.constantFrom<'before' | 'after'>('before', 'after') }),
  { nil: undefined, freq: 2 },
);

/** What is served, and what the records say, in the oracle's words. */
async function observe({ plane, publisher }: ControlUnderTest): Promise<Model> {
  const functions: Record<string, ModelFunction> = {};
  for (const { name, deployment, before, routes, versions } of (await plane.functions.list('default')).items) {
    const weights = (entries: typeof deployment.entries): Weights =>
      Object.fromEntries(entries.map(({ version, percent }) => [version, percent]));
    const artifacts: Record<number, string> = {};
    for (const number of versions)
      artifacts[number] = (await plane.functions.version('default', name, number)).artifact;
    functions[name] = {
      artifacts,
      weights: weights(deployment.entries),
      before: before.map(({ entries }) => weights(entries)),
      routes: routes.map(({ host, path }) => `${host ?? ''}${path}`),
    };
    const served = publisher.served('default', name);
    const text = deployment.entries.map(({ version, percent }) => `${version}:${percent}`).join(' ');
    assert.deepEqual(
      served,
      { weights: text, routes: functions[name].routes },
      'what is served is what the records say',
    );
  }
  assert.equal(publisher.state.functions.length, Object.keys(functions).length);
  const secrets = (await plane.secrets.list('default')).items;
  return { functions, secret: secrets[0]?.name };
}

/** The oracle's knowledge as `observe` would see it: artifacts by digest, and only whether there is a secret. */
async function seen(model: Model, control: ControlUnderTest): Promise<Model> {
  const functions: Record<string, ModelFunction> = {};
  for (const [name, one] of Object.entries(model.functions)) {
    const artifacts: Record<number, string> = {};
    for (const [number, text] of Object.entries(one.artifacts))
      artifacts[Number(number)] = await control.upload('default', text);
    functions[name] = { ...one, artifacts, before: one.before.slice(0, 10) };
  }
  return { functions, secret: model.secret === undefined ? undefined : 'KEY' };
}

async function isSo(model: Model, control: ControlUnderTest): Promise<boolean> {
  return isDeepStrictEqual(await observe(control), await seen(model, control));
}

/** Starts again over what the process that is gone has left. */
async function restart(real: Real): Promise<void> {
  const { blobs } = real.control;
  real.records = new CrashingRecords(real.store);
  real.control = await openControl({ records: real.records, blobs });
  const keys = (await real.store.list('versions/')).map(({ key }) => key);
  const listed: string[] = [];
  for (const { name, versions } of (await real.control.plane.functions.list('default')).items)
    listed.push(...versions.map((number) => `versions/default/${name}/${number}`));
  assert.deepEqual(keys.toSorted(), listed.toSorted(), 'nothing half-made is left');
  const claims = (await real.store.list('routes/')).flatMap(
    ({ value }) => (value as { claims: { path: string; function: string }[] }).claims,
  );
  const routed = (await real.control.plane.functions.routes('default')).items;
  assert.equal(claims.length, routed.length, 'no claim is left that nobody routes');
}

/** Takes one step. @returns what the oracle knows after it */
async function take(real: Real, model: Model, step: Step, crash: CrashPlan | undefined): Promise<Model> {
  const expected = step.expect(model);
  if (expected === 'unasked') return model;
  real.records.plan(crash);
  let outcome: 'done' | 'refused' = 'done';
  await step.run(real.control).catch((error: unknown) => {
    outcome = 'refused';
    // Refusals have a reason; only a crash has none.
    if (!real.records.isGone) assert.ok(isMayflyError(error) && error.code !== 'internal', String(error));
  });
  real.records.plan(undefined);
  if (!real.records.isGone) {
    assert.equal(outcome, expected === 'refused' ? 'refused' : 'done', step.text);
    return expected === 'refused' ? model : expected;
  }
  await restart(real);
  if (outcome === 'done') {
    assert.notEqual(expected, 'refused');
    return expected === 'refused' ? model : expected;
  }
  if (expected !== 'refused' && (await isSo(expected, real.control))) return expected;
  return model;
}

test('whatever is asked for, and wherever it crashes, what is served is what was asked for', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(steps, crashes), { maxLength: 25 }), async (plan) => {
      const store = new MemoryRecords();
      const records = new CrashingRecords(store);
      const real: Real = { control: await openControl({ records }), records, store };
      let model: Model = { functions: {}, secret: undefined };
      for (const [step, crash] of plan) {
        model = await take(real, model, step, crash);
        assert.deepEqual(await observe(real.control), await seen(model, real.control), step.text);
      }
      await restart(real);
      assert.deepEqual(await observe(real.control), await seen(model, real.control), 'after a restart');
    }),
    { numRuns: 100 },
  );
});
