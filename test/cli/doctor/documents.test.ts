import { expect, it } from 'vitest';
import { FINDING_IDS } from '../../../src/cli/doctor/finding-ids.ts';
import { textOf } from '../../helpers/documents.ts';

it('docs/doctor.md has a paragraph for each finding, and for no other', () => {
  const described = [...textOf('docs/doctor.md').matchAll(/^- \*\*`([a-z-]+)`\*\* /gm)].map(([, id]) => id);
  expect(described.sort()).toEqual([...FINDING_IDS].sort());
});
