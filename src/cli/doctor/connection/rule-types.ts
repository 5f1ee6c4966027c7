import { note, type Remark } from '../finding.ts';
import type { CliClient } from '../../command.ts';
import { entryText } from '../../printing/text.ts';

const RULE = /^uidgid\.(?:config\.)?[ug]id\.\d+$/;

/** Rules in the map that look as if they allowed somebody: corosync counts a u8 of 1 only. */
export async function checkRuleTypes(client: CliClient): Promise<Remark[]> {
  const remarks: Remark[] = [];
  for await (const { key, value } of client.entries('uidgid.')) {
    if (!RULE.test(key) || (value.type === 'uint8' && value.value === 1)) continue;
    remarks.push(
      note(
        'rule-type',
        `${entryText(key, value)} allows nobody; corosync counts a u8 of 1 only`,
        `corosync-client set ${key} u8 1, if it should`,
      ),
    );
  }
  return remarks;
}
