import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** Functions whose arguments are words for people. */
const SAYS = new Set(['malformed', 'Unfit']);
/** Properties and variables that hold such words. */
const WORDS = new Set(['detail', 'hints', 'reason', 'operation']);

/** A test that repeats an error's words shows nothing: that there is an error, with its code, is what tests show. */
const prose = {
  shouldIgnore({ node, parent }) {
    const isText = node.type === 'StringLiteral' || node.type === 'TemplateLiteral';
    if (!isText || parent === null || parent === undefined) return undefined;
    const where = parent;
    if (where.type === 'CallExpression' || where.type === 'NewExpression')
      return SAYS.has(where.callee?.name) ? 'words for people' : undefined;
    if (where.type === 'ObjectProperty' || where.type === 'ClassProperty')
      return WORDS.has(where.key?.name) ? 'words for people' : undefined;
    if (where.type === 'VariableDeclarator')
      return WORDS.has(where.id?.name) ? 'words for people' : undefined;
    return undefined;
  },
};

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, 'prose', prose)];
