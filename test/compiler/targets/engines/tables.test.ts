/** The tables of engines, held against the pages that are on this machine, and against ONNX. */
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { CHANGED } from '../../../../src/compiler/targets/engines/operator-set.js';
import { ENGINE_TABLES, OPERATOR_VERSIONS } from '../../../../src/generated/engines.js';

const read = (file: string) =>
  fs.readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8');

interface Version {
  readonly since: number;
  readonly inputs: readonly string[];
  readonly attributes: readonly string[];
  readonly defaults: unknown;
}
const { versions: recorded, operators } = JSON.parse(
  read('test/fixtures/operators/schemas.json'),
) as {
  readonly versions: { readonly onnx: string };
  readonly operators: Record<
    string,
    Record<string, { readonly by: string; readonly versions: Version[] }>
  >;
};
const standard = Object.entries(operators['']!).filter(([, { by }]) => by === 'onnx');

test("WebNN's table is that of the onnxruntime-web which is installed", () => {
  const { version } = JSON.parse(read('node_modules/onnxruntime-web/package.json'));
  const { sources, operators: table } = ENGINE_TABLES.webnn;
  expect(sources.find((s) => s.for.includes('operators'))?.version).toBe(
    `onnxruntime-web ${version}`,
  );
  const page: Record<string, Record<string, number[]>> = {};
  for (const line of read('node_modules/onnxruntime-web/docs/webnn-operators.md').split('\n')) {
    const [, name, sets] = line.split('|').map((cell) => cell.trim());
    for (const [, domain, ranges] of (sets ?? '').matchAll(
      /(ai\.onnx|com\.microsoft)\(([^)]+)\)/g,
    )) {
      const rows = page[domain!] ?? {};
      rows[name!] = ranges!.split(',').map((range) => Number.parseInt(range, 10));
      page[domain!] = rows;
    }
  }
  const ours = Object.entries(table).map(([domain, rows]) => [
    domain,
    Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, row.versions])),
  ]);
  expect(Object.fromEntries(ours)).toEqual(page);
});

test('versions of standard operators are those of ONNX', () => {
  const source = JSON.parse(read('engines/versions.json')).source;
  expect(source.version).toBe(`onnx ${recorded.onnx}`);
  expect(OPERATOR_VERSIONS).toEqual(
    Object.fromEntries(
      standard.map(([name, { versions }]) => [name, versions.map((v) => v.since)]),
    ),
  );
});

test('versions from set 22 on that differ in more than types are known', () => {
  const changed = standard.flatMap(([name, { versions }]) =>
    versions.flatMap((version, i) => {
      const before = versions[i - 1];
      if (!before || version.since < 22) return [];
      const signature = ({ inputs, attributes, defaults }: Version) =>
        JSON.stringify([inputs, attributes, defaults]);
      return signature(before) === signature(version) ? [] : [`${name}:${version.since}`];
    }),
  );
  expect([...CHANGED].sort()).toEqual(changed.sort());
});

/** Of onnxruntime in the standard domain, or of operator sets before 7. */
const UNSTANDARD =
  'Affine Crop DynamicSlice GroupNorm ImageScaler Inverse MemcpyFromHost MemcpyToHost ParametricSoftplus ScaledTanh SimplifiedLayerNormalization';

test.each(Object.values(ENGINE_TABLES))('$name lists operators that there are', (table) => {
  const names = Object.keys(table.operators['ai.onnx']!);
  expect(names.length).toBeGreaterThan(80);
  const unknown = names.filter((name) => !(name in OPERATOR_VERSIONS));
  expect(unknown.filter((name) => !UNSTANDARD.split(' ').includes(name))).toEqual([]);
  for (const { read: day } of table.sources) expect(Number.isNaN(Date.parse(day))).toBe(false);
  // an operator is there at some version that ONNX has, if the page says versions at all
  for (const [name, { versions }] of Object.entries(table.operators['ai.onnx']!)) {
    const known = OPERATOR_VERSIONS[name];
    if (known && versions && table.matching !== 'from')
      expect({ name, hit: versions.some((v) => known.includes(v)) }).toEqual({ name, hit: true });
  }
});
