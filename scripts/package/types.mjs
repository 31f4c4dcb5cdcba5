/**
 * The package's declarations: of the files that the compiler wrote, those declarations that an export needs, with what stands
 * above each. They stay in their files, as one class in two would be two types.
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseAst } from 'rolldown/parseAst';

/**
 * @param {readonly string[]} entries declarations of entry points
 * @param {string} from the folder of all
 * @param {string} to where those go that are needed
 */
export function pruneTypes(entries, from, to) {
  const program = new Program();
  for (const entry of entries) program.needAll(entry);
  for (const [file, module] of program.modules) {
    const text = module.text();
    if (text === undefined) continue;
    const target = path.join(to, path.relative(from, file));
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text);
  }
}

class Program {
  /** @type {Map<string, Module>} */
  modules = new Map();

  module(file) {
    const known = this.modules.get(file);
    if (known) return known;
    const module = new Module(this, file);
    this.modules.set(file, module);
    return module;
  }

  needAll(file) {
    const module = this.module(file);
    for (const name of module.exportedNames()) module.need(name);
  }
}

/** A file of declarations: its statements, and which of them are needed. */
class Module {
  constructor(program, file) {
    this.program = program;
    this.file = file;
    this.source = fs.readFileSync(file, 'utf8');
    const { body } = parseAst(this.source, { lang: 'dts' });
    this.statements = body.map((node, i) => ({
      node,
      text: this.source.slice(i === 0 ? 0 : body[i - 1].end, node.end),
    }));
    /** Statements that are needed whole. */
    this.kept = new Set();
    /** Of imports and exports by name, the specifiers that are needed. */
    this.keptSpecifiers = new Set();
    /** By local name, the statements that declare it. */
    this.declared = new Map();
    /** By local name, where it is imported from. */
    this.imported = new Map();
    /** By exported name, what it is here. */
    this.exported = new Map();
    this.stars = [];
    for (const statement of this.statements) this.enter(statement);
  }

  enter(statement) {
    const { node } = statement;
    const declare = (declaration, isExported) => {
      for (const name of namesOf(declaration)) {
        this.declared.set(name, [...(this.declared.get(name) ?? []), statement]);
        if (isExported) this.exported.set(name, { local: name });
      }
    };
    switch (node.type) {
      case 'ImportDeclaration':
        for (const specifier of node.specifiers)
          this.imported.set(specifier.local.name, { statement, specifier });
        return;
      case 'ExportAllDeclaration':
        if (node.exported) this.exported.set(node.exported.name, { statement });
        else this.stars.push(statement);
        return;
      case 'ExportNamedDeclaration':
        if (node.declaration) return declare(node.declaration, true);
        for (const specifier of node.specifiers)
          this.exported.set(specifier.exported.name, { statement, specifier });
        return;
      default:
        declare(node, false);
    }
  }

  unknown(node) {
    return new Error(`${this.file}: no way is known to prune ${node.type}`);
  }

  sibling(node) {
    const specifier = node.source.value;
    if (!specifier.startsWith('.')) return undefined;
    const file = path.resolve(path.dirname(this.file), specifier.replace(/\.js$/, '.d.ts'));
    return this.program.module(file);
  }

  exportedNames() {
    return [
      ...this.exported.keys(),
      ...this.stars.flatMap(({ node }) => this.sibling(node).exportedNames()),
    ];
  }

  /** What is exported under a name is needed; false where nothing is. */
  need(name) {
    const found = this.exported.get(name);
    if (found?.local) return this.needLocal(found.local);
    if (!found) {
      const star = this.stars.find(({ node }) => this.sibling(node).need(name));
      if (star) this.kept.add(star);
      return star !== undefined;
    }
    const { statement, specifier } = found;
    if (!specifier) {
      this.kept.add(statement);
      this.program.needAll(this.sibling(statement.node).file);
      return true;
    }
    if (this.keptSpecifiers.has(specifier)) return true;
    this.keptSpecifiers.add(specifier);
    if (!statement.node.source) return this.needLocal(specifier.local.name);
    return this.needFrom(statement.node, specifier.local.name);
  }

  needFrom(node, name) {
    const sibling = this.sibling(node);
    if (sibling && !sibling.need(name)) throw new Error(`${sibling.file}: no export "${name}"`);
    return true;
  }

  needLocal(name) {
    const imported = this.imported.get(name);
    if (imported && !this.keptSpecifiers.has(imported.specifier)) {
      const { statement, specifier } = imported;
      this.keptSpecifiers.add(specifier);
      if (specifier.type === 'ImportSpecifier')
        this.needFrom(statement.node, specifier.imported.name);
      else if (this.sibling(statement.node)) throw this.unknown(specifier);
    }
    for (const statement of this.declared.get(name) ?? []) this.keep(statement);
    return imported !== undefined || this.declared.has(name);
  }

  keep(statement) {
    if (this.kept.has(statement)) return;
    this.kept.add(statement);
    visit(statement.node, (node) => {
      if (node.type === 'Identifier') this.needLocal(node.name);
      if (node.type !== 'TSImportType') return;
      const sibling = this.sibling(node);
      if (sibling) this.program.needAll(sibling.file);
    });
  }

  /** What is left of the file; undefined where nothing is. */
  text() {
    if (this.kept.size + this.keptSpecifiers.size === 0) return undefined;
    const parts = this.statements.map((statement) => {
      const { node, text } = statement;
      if (this.kept.has(statement) || isMark(node)) return text;
      const specifiers = (node.specifiers ?? []).filter((one) => this.keptSpecifiers.has(one));
      if (specifiers.length === 0) return '';
      // the words above a file's first import are about the file
      const above = text.slice(0, text.length - (node.end - node.start));
      return above + this.clause(node, specifiers);
    });
    return `${parts.join('').trim()}\n`;
  }

  clause(node, specifiers) {
    const kind = node.type === 'ImportDeclaration' ? 'import' : 'export';
    const type = (node.importKind ?? node.exportKind) === 'type' ? ' type' : '';
    const from = node.source ? ` from ${node.source.raw}` : '';
    const named = specifiers.filter(({ type }) => /^(Im|Ex)portSpecifier$/.test(type));
    const text = (one) => this.source.slice(one.start, one.end);
    const clauses = [
      ...specifiers.filter((one) => !named.includes(one)).map(text),
      ...(named.length > 0 ? [`{ ${named.map(text).join(', ')} }`] : []),
    ];
    return `${kind}${type} ${clauses.join(', ')}${from};`;
  }
}

/** `export {}`, without which everything in a file of declarations is exported. */
const isMark = (node) =>
  node.type === 'ExportNamedDeclaration' && !node.declaration && node.specifiers.length === 0;

/** The names that a statement declares. */
function namesOf(node) {
  if (node.type === 'VariableDeclaration') return node.declarations.map(({ id }) => id.name);
  if (node.id?.name) return [node.id.name];
  throw new Error(`no name is known of ${node.type}`);
}

function visit(node, enter) {
  if (Array.isArray(node)) for (const item of node) visit(item, enter);
  else if (typeof node === 'object' && node !== null) {
    if (typeof node.type === 'string') enter(node);
    for (const part of Object.values(node)) if (typeof part === 'object') visit(part, enter);
  }
}
