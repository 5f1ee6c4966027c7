import { Application, LiteralType, ReflectionKind } from 'typedoc';

const { Property, TypeLiteral, Variable, TypeAlias, Class, Interface, Function, Method, Accessor } =
  ReflectionKind;

/**
 * TypeDoc's own check of what has no comment (validation.notDocumented), but for what says itself what it is: a property that has
 * one value only (`kind: 'overflow'`), and the members of a type without a name, whose comment is the type's.
 */
export function load(app) {
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => {
    const kinds = Property | Variable | TypeAlias | Class | Interface | Function | Method | Accessor;
    for (const reflection of project.getReflectionsByKind(kinds)) {
      if (
        !saysItself(reflection) &&
        !isDocumented(reflection) &&
        project.getSymbolIdFromReflection(reflection)?.packageName === project.packageName
      )
        app.logger.validationWarning(`${reflection.getFriendlyFullName()} has no comment`);
    }
  });
}

function saysItself({ type, parent }) {
  return type instanceof LiteralType || parent?.kindOf(TypeLiteral) === true;
}

function isDocumented(reflection) {
  const parts = [reflection, reflection.getSignature, ...(reflection.signatures ?? [])];
  return parts.some((part) => part?.hasComment() === true);
}
