/** One shortest cycle for each knot in a graph, first name repeated at the end. Empty when the graph has none. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  return findKnots(graph).map((knot) => shortestCycle(graph, knot));
}

/** Strongly connected components that hold a cycle (Tarjan's algorithm). */
function findKnots(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const open = new Set<string>();
  const knots: string[][] = [];

  const visit = (node: string): void => {
    order.set(node, order.size);
    low.set(node, order.get(node)!);
    stack.push(node);
    open.add(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (open.has(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!));
    }
    if (low.get(node) !== order.get(node)) return;
    const knot = stack.splice(stack.lastIndexOf(node));
    for (const member of knot) open.delete(member);
    if (knot.length > 1 || graph.get(node)?.includes(node)) knots.push(knot.toSorted());
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return knots;
}

/** Walks breadth first from the knot's first member, inside the knot, until it meets that member again. */
function shortestCycle(graph: ReadonlyMap<string, readonly string[]>, knot: readonly string[]): string[] {
  const start = knot[0]!;
  const inside = new Set(knot);
  const paths: string[][] = [[start]];
  const seen = new Set<string>();
  for (const path of paths) {
    for (const next of graph.get(path.at(-1)!) ?? []) {
      if (next === start) return [...path, start];
      if (!inside.has(next) || seen.has(next)) continue;
      seen.add(next);
      paths.push([...path, next]);
    }
  }
  return [start, start];
}
