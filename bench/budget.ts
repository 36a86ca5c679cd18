import limits from './budget.json' with { type: 'json' };

/** What a bench measures. */
export type Figures = Readonly<Record<string, number>>;

/** Rates have a minimum, times and sizes a maximum. */
interface Limit {
  readonly min?: number;
  readonly max?: number;
}

/** Limits of one bench by figure. */
export type Limits = Readonly<Record<string, Limit>>;

const budget: Readonly<Record<string, Limits>> = limits;

export const limitsOf = (bench: string): Limits => budget[bench] ?? {};

const breach = (figure: string, value: number | undefined, { min, max }: Limit): string[] => {
  if (value === undefined || Number.isNaN(value)) return [`${figure} has a limit but was not measured`];
  if (min !== undefined && value < min) return [`${figure} is ${value}, below its minimum of ${min}`];
  if (max !== undefined && value > max) return [`${figure} is ${value}, above its maximum of ${max}`];
  return [];
};

/** One sentence for each figure that is worse than its limit. A limit whose figure is missing is a breach. */
export const breaches = (figures: Figures, limits: Limits): string[] =>
  Object.entries(limits).flatMap(([figure, limit]) => breach(figure, figures[figure], limit));
