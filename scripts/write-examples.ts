import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeBlocks, DOCUMENTS } from '../test/helpers/documents.ts';

// write-examples.ts DIRECTORY: writes the examples of all documents there, for TypeScript, and the tsconfig.json of the README.
const [, , directory = '.'] = process.argv;
for (const document of DOCUMENTS) {
  for (const [index, example] of codeBlocks(document, 'js').entries()) {
    // The parameters of a class have types in TypeScript, which its reader adds.
    const unchecked = /^class /m.test(example) ? '// @ts-nocheck\n' : '';
    writeFileSync(join(directory, `${document.replace('/', '-')}-${index + 1}.mts`), unchecked + example);
  }
}
const [tsconfig = ''] = codeBlocks('README.md', 'json');
writeFileSync(join(directory, 'tsconfig.json'), tsconfig);
