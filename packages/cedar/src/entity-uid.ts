/** The name of an entity, `type::"id"`: a value, and what requests and scopes are made of. */
export class EntityUid {
  readonly kind = 'entity';
  readonly type: string;
  readonly id: string;
  private joined: string | undefined;

  constructor(type: string, id: string) {
    this.type = type;
    this.id = id;
  }

  equals(other: object): boolean {
    return other instanceof EntityUid && this.isSame(other);
  }

  isSame(other: EntityUid): boolean {
    return this.id === other.id && this.type === other.type;
  }

  /** The same for equal names only: the name of a type holds no U+0000. */
  get key(): string {
    return (this.joined ??= `${this.type}\0${this.id}`);
  }
}
