import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as library from '../src/index.ts';
import * as testing from '../src/testing/index.ts';
import { DOCUMENTS, textOf } from './helpers/documents.ts';

/** A heading's anchor, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function anchors(document: string): string[] {
  return [...textOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

/** Links to elsewhere in the repository. */
function links(document: string): { file: string; anchor: string }[] {
  return [...textOf(document).matchAll(/\]\((?!\w+:)([^)#]*)#?([^)]*)\)/g)].map(
    ([, path = '', anchor = '']) => ({
      file: path === '' ? document : join(dirname(document), path),
      anchor,
    }),
  );
}

/** The files of the project that a document names in backticks, and folders by their path. */
function namedFiles(document: string): string[] {
  const names = /`((?:[\w.-]+\/)*[\w.-]+\.ts|(?:src|test|scripts|docs|docker|bench|soak)\/[\w./-]+)`/g;
  return [...textOf(document).matchAll(names)].map(([, name = '']) => name);
}

const FILES = ['src', 'test', 'scripts', 'docs', 'docker', 'bench', 'soak'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => `/${folder}/${path}`),
);

describe.each(DOCUMENTS)('%s', (document) => {
  it('has no line over 160 columns', () => {
    // Tables of versions are written by a program.
    const text = textOf(document).replace(/<!-- matrix -->[^]*<!-- \/matrix -->/, '');
    expect(text.split('\n').filter((line) => line.length > 160)).toEqual([]);
  });

  it('links to what is there', () => {
    const broken = links(document).filter(
      ({ file, anchor }) =>
        !existsSync(file) || (anchor !== '' && !anchors(file.endsWith('.md') ? file : '').includes(anchor)),
    );
    expect(broken).toEqual([]);
  });

  it('names files that are there', () => {
    const missing = namedFiles(document).filter((name) => !FILES.some((file) => file.endsWith(`/${name}`)));
    expect(missing).toEqual([]);
  });
});

describe('the documents for users', () => {
  const text = DOCUMENTS.filter((document) => /^(?:README|docs)/.test(document))
    .map(textOf)
    .join();
  it('tell of everything that is exported', () => {
    const names = Object.keys({ ...library, ...testing });
    expect(names.filter((name) => !text.includes(name))).toEqual([]);
  });
});

describe('README.md', () => {
  it('is for a reader who has five minutes', () => {
    expect(statSync('README.md').size).toBeLessThanOrEqual(12_000);
  });
});
