import { checkFault } from './check-fault.ts';
import type { Fault, FaultsByStep, FaultStep } from './fault-types.ts';
import type { FakeService } from './request-names.ts';
import type { IpcType } from '../server/server-transport.ts';
import type { MessageSubject } from '../server/service.ts';

/** What a step is about. */
export interface FaultSubject extends MessageSubject {
  readonly service?: FakeService | undefined;
}

/** A fault that has been added. */
export interface ActiveFault {
  /** A copy of what was added. */
  readonly fault: Fault;
  /** How many times it has struck. */
  readonly struck: number;
  /** It does not strike any more. */
  remove(): void;
}

class Armed implements ActiveFault {
  readonly fault: Fault;
  readonly #owner: Set<Armed>;
  #matched = 0;
  struck = 0;

  constructor(fault: Fault, owner: Set<Armed>) {
    this.fault = fault;
    this.#owner = owner;
    owner.add(this);
  }

  remove(): void {
    this.#owner.delete(this);
  }

  strikes(step: FaultStep, subject: FaultSubject): boolean {
    const { when } = this.fault;
    if (when.step !== step) return false;
    if (when.service !== undefined && when.service !== subject.service) return false;
    if (when.request !== undefined && when.request !== subject.request) return false;
    if (when.key !== undefined && when.key !== subject.key) return false;
    this.#matched += 1;
    if (this.#matched < (when.nth ?? 1)) return false;
    this.struck += 1;
    if (this.struck >= (when.times ?? 1)) this.remove();
    return true;
  }
}

/** What is to go wrong, in the order in which it was added. */
export class Faults {
  readonly #armed = new Set<Armed>();
  readonly #ipcType: IpcType;

  /** @internal @param ipcType not everything can go wrong over datagrams */
  constructor(ipcType: IpcType) {
    this.#ipcType = ipcType;
  }

  /**
   * From now on this goes wrong when its condition holds.
   * @throws RangeError it could never strike or would have no effect: a property that does not exist or does not belong to the
   *   step, a value that is not allowed, something that only shared memory has.
   */
  add(fault: Fault): ActiveFault {
    return new Armed(checkFault(fault, this.#ipcType), this.#armed);
  }

  /** Nothing goes wrong any more. */
  clear(): void {
    this.#armed.clear();
  }

  /** @internal What goes wrong with this step now: later faults win where several say different things. */
  strike<Step extends FaultStep>(step: Step, subject: FaultSubject = {}): FaultsByStep[Step] {
    let effect: FaultsByStep[Step] = {};
    for (const armed of [...this.#armed]) {
      if (armed.strikes(step, subject)) effect = { ...effect, ...armed.fault.do };
    }
    return effect;
  }
}
