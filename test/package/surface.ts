/** The public surface, read off the built declarations: one report for each entry point of package.json. */
import fs from 'node:fs';
import path from 'node:path';
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  type IConfigFile,
} from '@microsoft/api-extractor';

export const root = path.resolve(import.meta.dirname, '../..');

const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>;
};

export interface EntryPoint {
  /** As it is imported: `stepfold/node`. */
  readonly specifier: string;
  readonly types: string;
  readonly module: string;
  /** Its report, as it is committed. */
  readonly report: string;
}

export const ENTRY_POINTS: readonly EntryPoint[] = Object.entries(manifest.exports).flatMap(
  ([name, target]) =>
    typeof target === 'string'
      ? []
      : [
          {
            specifier: path.posix.join('stepfold', name),
            types: path.join(root, target.types),
            module: path.join(root, target.default),
            report: path.join(
              root,
              'api',
              `${name === '.' ? 'index' : path.basename(name)}.api.md`,
            ),
          },
        ],
);

export interface Surface {
  readonly text: string;
  /** What is exported, by name. */
  readonly names: ReadonlySet<string>;
  /** Those of them that must be there at run time. */
  readonly values: ReadonlySet<string>;
  /** Those that can be: a class may be exported as a type alone. */
  readonly classes: ReadonlySet<string>;
  /** What public signatures mention and the entry point does not export. */
  readonly mentioned: ReadonlySet<string>;
  /** What is wrong with the declarations. */
  readonly problems: readonly string[];
}

const configOf = (entry: EntryPoint, folder: string) => {
  const configObject: IConfigFile = {
    projectFolder: root,
    mainEntryPointFilePath: entry.types,
    compiler: { tsconfigFilePath: path.join(root, 'tsconfig.build.json') },
    apiReport: {
      enabled: true,
      reportFileName: path.basename(entry.report),
      reportFolder: folder,
      reportTempFolder: path.join(folder, 'temp'),
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    newlineKind: 'lf',
    messages: {
      compilerMessageReporting: { default: { logLevel: 'warning' as never } },
      extractorMessageReporting: {
        default: { logLevel: 'warning' as never },
        'ae-forgotten-export': { logLevel: 'warning' as never, addToApiReportFile: false },
        'ae-missing-release-tag': { logLevel: 'none' as never },
        'ae-undocumented': { logLevel: 'none' as never },
      },
      tsdocMessageReporting: { default: { logLevel: 'none' as never } },
    },
  };
  return ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: undefined,
    packageJsonFullPath: path.join(root, 'package.json'),
  });
};

/** Reads the surface of each entry point; one program serves all of them. */
export function readSurfaces(folder: string): ReadonlyMap<string, Surface> {
  const configs = ENTRY_POINTS.map((entry) => configOf(entry, folder));
  const [first] = configs;
  if (!first) throw new Error('package.json has no entry point');
  const compilerState = CompilerState.create(first, {
    additionalEntryPoints: ENTRY_POINTS.map(({ types }) => types),
  });
  return new Map(
    ENTRY_POINTS.map((entry, i) => {
      const mentioned = new Set<string>();
      const problems: string[] = [];
      Extractor.invoke(configs[i]!, {
        localBuild: true,
        compilerState,
        messageCallback(message) {
          message.handled = true;
          const { messageId, logLevel, text } = message;
          if (messageId === 'console-api-report-created') return;
          // where two declarations have a name, the report numbers them
          const symbol = /^The symbol "(.+?)(?:_\d+)?" needs to be exported/.exec(text)?.[1];
          if (symbol) mentioned.add(symbol);
          else if (logLevel === 'warning' || logLevel === 'error')
            problems.push(`${messageId}: ${text}`);
        },
      });
      const text = fs.readFileSync(path.join(folder, path.basename(entry.report)), 'utf8');
      return [entry.specifier, { text, ...exportsOf(text), mentioned, problems }];
    }),
  );
}

const DECLARED =
  /^export (?:declare )?(?:abstract )?(class|const|function|interface|type|enum) ([\w$]+)|^declare (namespace) (\w+)|^(class) (\w+)/gm;

function exportsOf(text: string): Pick<Surface, 'names' | 'values' | 'classes'> {
  const renamed = new Map(
    [...text.matchAll(/^export \{ (\w+) as (\w+) \}/gm)].map(([, local, name]) => [local, name!]),
  );
  const kinds = new Map<string, string>();
  for (const [, ...groups] of text.matchAll(DECLARED)) {
    const [kind, name] = groups.filter((group) => group !== undefined);
    kinds.set(renamed.get(name) ?? name!, kind!);
  }
  const of = (...wanted: string[]) =>
    new Set([...kinds].filter(([, kind]) => wanted.includes(kind)).map(([name]) => name));
  return {
    names: new Set(kinds.keys()),
    values: of('const', 'function', 'namespace', 'enum'),
    classes: of('class'),
  };
}
