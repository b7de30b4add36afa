import { routes } from '@surety/contract/routes';
import type { AnyAnswer } from '#kernel/answer';

/** Throws unless every route of the contract has exactly one answer, and every answer is to a route of the contract. */
export function checkAnswers(answers: readonly AnyAnswer[], contract: readonly AnyAnswer['route'][] = routes): void {
  const given = Map.groupBy(answers, ({ route }) => route.name);
  const complaints = [
    ...contract.filter(({ name }) => !given.has(name)).map(({ name }) => `${name} has no answer`),
    ...[...given].filter(([, all]) => all.length > 1).map(([name, all]) => `${name} has ${all.length} answers`),
    ...answers.filter(({ route }) => !contract.includes(route)).map(({ route }) => `${route.name} is no route of the contract`),
  ];
  if (complaints.length > 0) throw new Error(`the house cannot open: ${complaints.join('; ')}`);
}
