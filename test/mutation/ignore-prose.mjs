import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** Functions that take words for people among their arguments. */
const SAYS = new Set([
  'malformed',
  'invalid',
  'unencodable',
  'Unfit',
  'rule',
  'show',
  'i32Field',
  'u32Field',
  'u64Field',
  'textField',
]);
/** Properties and variables that hold nothing but such words, however they are chosen. */
const WORDS = new Set(['detail', 'hints', 'hint', 'hindrance', 'operation']);

/** Functions that return such words where something is wrong, and else nothing. */
const TELLS = /^(?:problemWith|expectType)/;

/** A test that repeats an error's words shows nothing: that there is an error, with its code, is what tests show. */
const prose = {
  shouldIgnore(path) {
    const { node, parent } = path;
    if (parent === null || parent === undefined) return undefined;
    const isText = node.type === 'StringLiteral' || node.type === 'TemplateLiteral';
    switch (parent.type) {
      case 'CallExpression':
      case 'NewExpression':
        return isText && SAYS.has(parent.callee.name) ? 'words for people' : undefined;
      case 'ReturnStatement':
      case 'ConditionalExpression':
        return isText && TELLS.test(path.getFunctionParent()?.node.id?.name) ? 'words for people' : undefined;
      case 'ObjectProperty':
      case 'ClassProperty':
        return node === parent.value && WORDS.has(parent.key.name) ? 'words for people' : undefined;
      case 'VariableDeclarator':
        return node === parent.init && WORDS.has(parent.id.name) ? 'words for people' : undefined;
      default:
        return undefined;
    }
  },
};

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, 'prose', prose)];
