/**
 * How many trie nodes one request can make the router visit. Compiler and checker share the formula, so that what the compiler accepts
 * is accepted by the gateway:
 *
 *     visits(node) = 1 + max over literal children + max over constrained children + the parameter child
 *
 * A segment matches at most one literal and one constrained child, and the router comes back for each when the better one fails below.
 */
import type { NodePlan } from './plan.ts'

/** Visits by node index; never below 1. `Infinity` is possible: doublings over a thousand segments. */
export function visitsByNode(nodes: readonly NodePlan[]): Float64Array {
  const visits = new Float64Array(nodes.length)
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index] as NodePlan
    let literal = 0
    let constrained = 0
    for (const { nodeIndex } of node.literals) literal = Math.max(literal, visits[nodeIndex] as number)
    for (const { nodeIndex } of node.constrained) constrained = Math.max(constrained, visits[nodeIndex] as number)
    const parameter = node.parameterNodeIndex === undefined ? 0 : (visits[node.parameterNodeIndex] as number)
    visits[index] = 1 + literal + constrained + parameter
  }
  return visits
}
