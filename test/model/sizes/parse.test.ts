/** Texts of sizes: the value of each by hand, and what is the name of a symbol and nothing else. */
import { describe, expect, it } from 'vitest';
import { symbolsOf } from '../../../src/model/sizes/dim.js';
import { parseDim } from '../../../src/model/sizes/parse.js';
import { evaluate } from '../../../src/model/sizes/substitute.js';

const AT = new Map([
  ['batch', 2],
  ['h', 7],
  ['w', 10],
  ['input.1 dim', 5],
  ['a`b', 4],
]);

it.each([
  ['12', 12],
  ['-3', -3],
  ['--3', 3],
  [' h ', 7],
  ['h+w', 17],
  ['h - w - 1', -4],
  ['w-h*2', -4],
  ['(w-h)*2', 6],
  ['-h*2', -14],
  ['2*-h', -14],
  ['h//2', 3],
  ['h//2//2', 1],
  ['h//2*2', 6],
  ['-h//2', -4],
  ['h//-2', -4],
  ['(h*4)/2', 14],
  ['h*4/2', 14],
  ['h/2+h/2', 7],
  ['h/2-3*h/2+h', 0],
  ['2*(h/2)', 7],
  ['floor(h/2)', 3],
  ['FLOOR(h/2)', 3],
  ['floor(h/2 - 1/2) + 1', 4],
  ['floor(h*3/4)', 5],
  ['floor(h/w)', 0],
  ['floor(w/(h-4))', 3],
  ['ceil(h/2)', 4],
  ['ceiling(h/2)', 4],
  ['ceil(h)', 7],
  ['ceil(w/h)', 2],
  ['floor(h/2)//2', 1],
  ['h/2//2', 1],
  ['3//(2/h)', 10],
  ['max(h, w)', 10],
  ['max(h,w,12)', 12],
  ['min(h, w)', 7],
  ['min(h, w, batch)', 2],
  ['max(h)', 7],
  ['max(h, min(w, 8))', 8],
  ['batch*floor((h+1)/2)*w', 80],
  ['`input.1 dim`+1', 6],
  ['`a``b`*2', 8],
  ['h*w//h', 10],
])('%s is %d', (text, value) => {
  expect(evaluate(parseDim(text), AT)).toBe(value);
});

describe('a symbol of that name', () => {
  it.each([
    '',
    ' ',
    'h/2',
    'h/w',
    'h/0',
    'h//0',
    'h//(w-w)',
    'floor(h/0)',
    'ceil(h/0)',
    'ceil(h/(w-w))',
    'floor(h, w)',
    'ceil(h, w)',
    'floor()',
    'floor(h',
    'round(h)',
    'max(h/2, 1)',
    'min(1, h/2)',
    'h w',
    'h + ',
    '* h',
    'h)',
    '(h',
    '(h))',
    'h ? w',
    '2h',
    '?',
    'input.1 dim',
    `${'h+'.repeat(1000)}h`,
  ])('%s', (text) => {
    expect([...symbolsOf(parseDim(text))]).toEqual([text]);
    expect(parseDim(text).symbolName).toBe(text);
  });

  it('but not where it is long and still an expression', () => {
    const text = `${'h+'.repeat(999)}h`;
    expect(evaluate(parseDim(text), AT)).toBe(7000);
  });
});
