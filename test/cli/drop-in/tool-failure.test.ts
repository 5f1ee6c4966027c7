import { describe, expect, it } from 'vitest';
import { errorText } from '../../../src/cli/drop-in/tool-failure.ts';
import { ConnectionError, CsError } from '../../../src/errors/index.ts';

describe('errorText', () => {
  it('names the code', () => {
    expect(errorText(new CsError('CS_ERR_NOT_EXIST', { operation: 'cmap_get' }))).toBe('CS_ERR_NOT_EXIST');
  });

  it('says of a call after the end of the connection what libcmap says: why it ended', () => {
    const lost = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection' });
    const after = new ConnectionError('CS_ERR_BAD_HANDLE', { operation: 'cmap_set', cause: lost });
    expect([errorText(lost), errorText(after)]).toEqual(['CS_ERR_LIBRARY', 'CS_ERR_LIBRARY']);
  });
});
