import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMayflyError } from '../base/mod.ts';
import type { SignedSnapshot } from './parts.ts';
import { openSnapshot, SnapshotSigner } from './snapshot-signature.ts';

const signer = new SnapshotSigner(new Uint8Array(32).fill(1));
const other = new SnapshotSigner(new Uint8Array(32).fill(2));
const payload = JSON.stringify({ format: 1, generation: 7, functions: [] });
const signed = signer.sign(payload);

test('openSnapshot gives what the node has signed', () => {
  assert.deepEqual(openSnapshot(signed, signer.publicKey, 6), { format: 1, generation: 7, functions: [] });
  // The same key makes the same node, also after a restart.
  assert.equal(new SnapshotSigner(new Uint8Array(32).fill(1)).publicKey, signer.publicKey);
});

const forged: Readonly<Record<string, SignedSnapshot>> = {
  'another payload': { ...signed, payload: payload.replace('[]', '[{}]') },
  'a payload with one space more': { ...signed, payload: `${payload} ` },
  'no signature': { ...signed, signature: '' },
  'a signature cut short': { ...signed, signature: signed.signature.slice(0, -4) },
  'a signature of zeros': { ...signed, signature: Buffer.alloc(64).toString('base64url') },
  "another node's signature": other.sign(payload),
  'a signature of something else': { payload, signature: signer.sign('{"generation":8}').signature },
};
for (const [name, snapshot] of Object.entries(forged)) {
  test(`openSnapshot refuses ${name}`, () => {
    assert.throws(
      () => openSnapshot(snapshot, signer.publicKey, 0),
      (error) => isMayflyError(error, 'bad_snapshot'),
    );
  });
}

test('openSnapshot refuses an old snapshot, and keys that are none', () => {
  for (const after of [7, 8, Infinity])
    assert.throws(
      () => openSnapshot(signed, signer.publicKey, after),
      (error) => isMayflyError(error, 'bad_snapshot'),
    );
  for (const key of ['', 'x', signer.publicKey.slice(1), `${signer.publicKey}AA`])
    assert.throws(
      () => openSnapshot(signed, key, 0),
      (error) => isMayflyError(error, 'bad_snapshot'),
    );
  assert.throws(
    () => openSnapshot(signer.sign('[]'), signer.publicKey, 0),
    (error) => isMayflyError(error, 'bad_snapshot'),
  );
});
