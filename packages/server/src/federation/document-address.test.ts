import assert from 'node:assert/strict';
import { test } from 'vitest';
import { readDocumentAddress } from './document-address.ts';

test('an https address with a path, in its one spelling, is one of a document; its host is its origin with a slash', () => {
  assert.deepEqual(readDocumentAddress('https://app.example/agent/client.json', false), {
    url: 'https://app.example/agent/client.json',
    host: 'https://app.example/',
  });
  assert.equal(readDocumentAddress('https://app.example:8443/c', false)?.host, 'https://app.example:8443/');
  assert.equal(readDocumentAddress('http://127.0.0.1:4000/c', true)?.host, 'http://127.0.0.1:4000/');
});

test.for([
  'http://app.example/client',
  'http://127.0.0.1:4000/client',
  'https://app.example',
  'https://app.example/',
  'https://app.example/a/../client',
  'https://app.example/a/%2e%2e/client',
  'https://app.example/a/./client',
  'https://app.example/client#',
  'https://app.example/client#part',
  'https://app.example/client?',
  'https://app.example/client?version=1',
  'https://name@app.example/client',
  'https://name:word@app.example/client',
  'https://app.example@evil.example/client',
  'https://APP.example/client',
  'HTTPS://app.example/client',
  'https://app.example:443/client',
  'https://app.example/client ',
  ' https://app.example/client',
  'https://app.example/cli\nent',
  'https://app.example\\client',
  'https://аpp.example/client',
  'https://2130706433/client',
  'https://0x7f.1/client',
  'ftp://app.example/client',
  'urn:app:client',
  `https://app.example/${'a'.repeat(300)}`,
  '',
])('%s is none', (text) => {
  assert.equal(readDocumentAddress(text, false), undefined);
});
