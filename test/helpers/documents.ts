import { readdirSync, readFileSync } from 'node:fs';

/** README.md, ARCHITECTURE.md, CHANGELOG.md and all of docs/, by their paths in the repository. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export function textOf(document: string): string {
  return readFileSync(document, 'utf8');
}

/** The code blocks of a language, as they are copied and pasted. */
export function codeBlocks(document: string, language: string): string[] {
  const blocks = textOf(document).matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'));
  return [...blocks].map(([, text = '']) => text);
}
