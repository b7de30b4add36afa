/** The story did not end as it is told: the product, not the story, is wrong. */
export class StoryError extends Error {
  override readonly name = 'StoryError';
}
