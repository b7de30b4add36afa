/** Bits of an address of each version. */
const widths = { 4: 32, 6: 128 } as const;

/** Cedar's `ipaddr`: an address, or a range as an address with the length of its prefix. */
export class IpAddress {
  readonly kind = 'ipaddr';
  readonly version: 4 | 6;
  readonly address: bigint;
  readonly prefix: number;

  constructor(version: 4 | 6, address: bigint, prefix: number) {
    this.version = version;
    this.address = address;
    this.prefix = prefix;
  }

  equals(other: object): boolean {
    return (
      other instanceof IpAddress &&
      this.version === other.version &&
      this.address === other.address &&
      this.prefix === other.prefix
    );
  }

  get key(): string {
    return `i${this.version}/${this.address}/${this.prefix}`;
  }

  isLoopback(): boolean {
    return this.version === 4 ? this.isWithin(loopback4) : this.isWithin(loopback6);
  }

  isMulticast(): boolean {
    return this.version === 4 ? this.isWithin(multicast4) : this.isWithin(multicast6);
  }

  /** Whether every address of this range is in the other. */
  isWithin(range: IpAddress): boolean {
    if (this.version !== range.version || this.prefix < range.prefix) return false;
    const host = BigInt(widths[this.version] - range.prefix);
    return this.address >> host === range.address >> host;
  }
}

const loopback4 = new IpAddress(4, 127n << 24n, 8);
const loopback6 = new IpAddress(6, 1n, 128);
const multicast4 = new IpAddress(4, 224n << 24n, 4);
const multicast6 = new IpAddress(6, 0xffn << 120n, 8);

/** Reads an IPv4 or IPv6 address with or without `/prefix`. Undefined for anything else: an IPv4 address within an IPv6 too. */
export function readIpAddress(text: string): IpAddress | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  if (rest.length > 0) return undefined;
  const version = address.includes(':') ? 6 : 4;
  const bits = version === 6 ? readVersion6(address) : readVersion4(address);
  const length = prefix === undefined ? widths[version] : readPrefix(prefix, widths[version]);
  return bits === undefined || length === undefined ? undefined : new IpAddress(version, bits, length);
}

function readPrefix(text: string, width: number): number | undefined {
  return /^(?:0|[1-9][0-9]{0,2})$/.test(text) && Number(text) <= width ? Number(text) : undefined;
}

function readVersion4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const isOctet = (part: string): boolean => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255;
  return parts.every(isOctet) ? joinBits(parts.map(Number), 8n) : undefined;
}

function readVersion6(text: string): bigint | undefined {
  const [head = '', tail, ...rest] = text.split('::');
  if (rest.length > 0) return undefined;
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  return joinBits([...before, ...Array.from({ length: missing }, () => 0), ...after], 16n);
}

function groupsOf(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  return parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part)) ? parts.map((part) => Number.parseInt(part, 16)) : undefined;
}

function joinBits(parts: readonly number[], width: bigint): bigint {
  return parts.reduce((bits, part) => (bits << width) | BigInt(part), 0n);
}
