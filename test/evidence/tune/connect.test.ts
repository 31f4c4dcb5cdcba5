/** What `--queue` takes, and what is said where the package for it is not there. */
import { expect, test } from 'vitest';
import { connectQueue } from '../../../src/evidence/tune/queue/connect.js';

const HERE = 'redis://127.0.0.1:1';

test.each([
  ['no address', 'queue.lan', 'it is none'],
  ['an empty one', '', 'it is none'],
  ['one of something else', 'http://queue.lan', 'begins with "http:"'],
  ['one without a host', 'redis://', 'no host'],
  ['a database that is no number', 'redis://queue.lan/trials', '"/trials"'],
  ['a path', 'redis://queue.lan/0/1', '"/0/1"'],
])('%s is refused', async (_, url, mention) => {
  await expect(connectQueue(url)).rejects.toMatchObject({
    code: 'QUEUE_URL',
    message: expect.stringContaining(mention),
  });
});

test('a password is in no message', async () => {
  for (const url of ['redis://me:secret@127.0.0.1:1/2', 'http://me:secret@x', 'redis://:secret@'])
    await expect(connectQueue(url)).rejects.toMatchObject({
      fullMessage: expect.not.stringContaining('secret'),
    });
});

test.each([
  ['is not there', 'stepfold-queue-that-is-none', /that-is-none/],
  ['is another one', 'picocolors', /another package/],
])('a package that %s', async (_, name, why) => {
  await expect(connectQueue(HERE, {}, name)).rejects.toMatchObject({
    code: 'QUEUE_PACKAGE',
    message: expect.stringMatching(why),
    details: { hint: expect.stringContaining(`npm install ${name}`) },
  });
});

test('nothing that answers is said with the place', async () => {
  await expect(connectQueue('rediss://u:p@127.0.0.1:1/3')).rejects.toMatchObject({
    code: 'QUEUE_DOWN',
    message: expect.stringContaining('"rediss://127.0.0.1:1/3"'),
  });
});
