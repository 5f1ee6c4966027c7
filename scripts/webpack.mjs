// node scripts/webpack.mjs ENTRY OUTPUT: bundles a program with webpack's defaults, for Node.js. A warning fails, too.
import { basename, dirname, resolve } from 'node:path';
import webpack from 'webpack';

const [entry, output] = process.argv.slice(2).map((path) => resolve(path));
const compiler = webpack({
  target: 'node',
  mode: 'production',
  context: dirname(entry),
  entry,
  output: { path: dirname(output), filename: basename(output) },
});
compiler.run((error, stats) => {
  if (error !== null) throw error;
  if (!stats.hasErrors() && !stats.hasWarnings()) return;
  console.error(stats.toString('errors-warnings'));
  process.exitCode = 1;
});
