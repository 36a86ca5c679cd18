import type { z } from 'zod';

type Defaults<Shape extends z.ZodRawShape> = { readonly [Name in keyof Shape]?: z.output<Shape[Name]> };

type WithDefaults<Shape extends z.ZodRawShape, Given> = {
  [Name in keyof Shape]: Name extends keyof Given ? z.ZodDefault<Shape[Name]> : Shape[Name];
};

/** The fields of a body, of which those with a default may be left out. */
export const withDefaults = <Shape extends z.ZodRawShape, const Given extends Defaults<Shape>>(
  shape: Shape,
  defaults: Given,
): WithDefaults<Shape, Given> => {
  const given = new Map<string, unknown>(Object.entries(defaults));
  const fields = Object.entries(shape).map(([name, schema]) => [
    name,
    given.has(name) ? (schema as z.ZodType).default(given.get(name)) : schema,
  ]);
  return Object.fromEntries(fields) as WithDefaults<Shape, Given>;
};
