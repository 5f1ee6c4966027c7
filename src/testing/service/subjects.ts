import { requestName, type FakeService } from '../faults/request-names.ts';
import { padded } from './padded.ts';
import type { ServedService } from '../server/service.ts';

/** What the messages of a service are about that has no keys: a request is known by its id. */
export function subjectsById(service: FakeService): Pick<ServedService, 'subjectOf' | 'eventSubject'> {
  return {
    subjectOf: (request) => ({ request: requestName(service, padded(request, 16).i32(0)) }),
    eventSubject: () => ({}),
  };
}
