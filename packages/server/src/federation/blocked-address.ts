import { BlockList, isIP } from 'node:net';

/**
 * IPv4 ranges that are not the public internet (RFC 6890 and its registry). An issuer inside the organisation may be in
 * a private one; nobody may be in one of the others: 169.254.0.0/16 is where clouds keep their instance credentials.
 */
const privateRanges = [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
] as const;
const reservedRanges = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const;

/**
 * What is inside IPv6 unicast (2000::/3) and yet a tunnel, a test or documentation (RFC 6890, RFC 3056, RFC 4380, RFC
 * 9637).
 */
const reservedRanges6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const;

type Lists = {
  readonly private4: BlockList;
  readonly reserved4: BlockList;
  readonly unicast6: BlockList;
  readonly reserved6: BlockList;
};

/** Says of an address whether nothing may be fetched from it; with `isInternal`, private ones and this computer may be. */
export function createAddressCheck(): (address: string, isInternal: boolean) => boolean {
  const lists: Lists = {
    private4: listOf(privateRanges, 'ipv4'),
    reserved4: listOf(reservedRanges, 'ipv4'),
    unicast6: listOf([['2000::', 3]], 'ipv6'),
    reserved6: listOf(reservedRanges6, 'ipv6'),
  };
  return (address, isInternal) => {
    const family = isIP(address);
    if (family === 4) return lists.reserved4.check(address) || (!isInternal && lists.private4.check(address));
    if (family === 6) return isBlocked6(lists, address, isInternal);
    return true;
  };
}

/** An IPv4 address in IPv6 clothes (mapped, NAT64, 6to4) is outside 2000::/3 or reserved, so it is blocked as it stands. */
function isBlocked6({ unicast6, reserved6 }: Lists, address: string, isInternal: boolean): boolean {
  if (unicast6.check(address, 'ipv6')) return reserved6.check(address, 'ipv6');
  return !isInternal || !(/^f[cd]/i.test(address) || address === '::1');
}

function listOf(ranges: readonly (readonly [string, number])[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of ranges) list.addSubnet(net, prefix, family);
  return list;
}
