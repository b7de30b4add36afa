/** Who acts when the house does so itself, named in the ledger as such. */
export const houseActor = 'house';
