import { describe, expect, it } from 'vitest';
import { build, differences, dirtyPadding } from '../helpers/wire/message-builder.ts';
import { goldenMessages, readGoldenFile } from './golden-file.ts';
import { asRanges, GOLDEN_SERVICES, readServiceGoldens, serviceMessages } from './service-goldens.ts';

const golden = readGoldenFile();

describe('golden bytes', () => {
  it('say where they come from', () => {
    expect(golden).toMatchObject({ corosync: '3.1.7', libqb: '2.0.6', arch: 'x64' });
    expect(golden.how).toContain('capture-goldens');
  });

  it('have names of their own', () => {
    const names = golden.exchanges.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('cover every request and every response', () => {
    const ids = (messages: readonly string[]): number[] => {
      const all = messages.map((message) => Buffer.from(message, 'hex').readInt32LE(0));
      return [...new Set(all)].sort((a, b) => a - b);
    };
    const { exchanges } = golden;
    expect(ids(exchanges.map(({ request }) => request))).toEqual([-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99]);
    const answers = exchanges.flatMap(({ response, event }) =>
      event === undefined ? [response] : [response, event],
    );
    expect(ids(answers)).toEqual([-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it.each(goldenMessages())('$name: as the builder makes it', ({ fields, bytes }) => {
    expect(differences(bytes, build(fields))).toEqual([]);
  });

  it.each(golden.exchanges)('$name: padding is zero, or known not to be', (exchange) => {
    const {
      requestFields,
      request,
      responseFields,
      response,
      eventFields,
      event,
      dirtyPadding: dirty,
    } = exchange;
    expect(dirtyPadding(Buffer.from(request, 'hex'), build(requestFields))).toEqual([]);
    expect(dirtyPadding(Buffer.from(response, 'hex'), build(responseFields))).toEqual(dirty?.response ?? []);
    if (event === undefined || !eventFields) return;
    expect(dirtyPadding(Buffer.from(event, 'hex'), build(eventFields))).toEqual(dirty?.event ?? []);
  });
});

describe.each(GOLDEN_SERVICES)('golden bytes of %s', (service) => {
  const { exchanges, ...origin } = readServiceGoldens(service);

  it('say where they come from', () => {
    expect(origin).toMatchObject({ corosync: '3.1.7', libqb: '2.0.6', arch: 'x64' });
    expect(origin.how).toContain(`capture-goldens/${service}.ts`);
  });

  it('have names of their own', () => {
    const names = exchanges.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(serviceMessages(service))('$name: as the builder makes it', ({ fields, bytes }) => {
    expect(differences(bytes, build(fields))).toEqual([]);
  });

  it('have padding that is zero, or known not to be', () => {
    for (const { name, requests, responses, events } of exchanges) {
      for (const { fields, bytes, dirtyPadding: known = '' } of [...requests, ...responses, ...events])
        expect({ name, dirty: asRanges(dirtyPadding(Buffer.from(bytes, 'hex'), build(fields))) }).toEqual({
          name,
          dirty: known,
        });
    }
  });
});
