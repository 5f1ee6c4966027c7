import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { areUnused } from '../../src/ipc/unused-files.ts';
import { createRingFiles } from '../../src/testing/server/ring-files.ts';
import { openDescriptors } from '../helpers/open-descriptors.ts';

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'unused-files-'));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true });
});

it('looks at all files of a connection, whatever they are, and leaves none open', () => {
  const before = openDescriptors().length;
  const ring = { path: join(directory, 'qb-request-cmap') };
  createRingFiles(ring);
  expect(areUnused(directory, 'cmap')).toBe(true);
  expect(areUnused(directory, 'cpg')).toBe(false);
  createRingFiles({ ...ring, headerSize: 100 });
  expect(areUnused(directory, 'cmap')).toBe(true);
  fs.writeFileSync(join(directory, 'qb-control-cmap'), 'x');
  expect(areUnused(directory, 'cmap')).toBe(false);
  fs.rmSync(join(directory, 'qb-control-cmap'));
  fs.mkdirSync(join(directory, 'qb-event-cmap-data'));
  expect(areUnused(directory, 'cmap')).toBe(false);
  expect(openDescriptors().length).toBe(before);
});
