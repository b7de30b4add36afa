import type { AgentDefinition } from '../agent-definition.ts';

/** Plans trips: looks up hotels, restaurants, cars and flights, reserves, and writes into one person's calendar and mail. */
export const travel: AgentDefinition = {
  purpose: 'Plans trips for one person',
  systems: [{ name: 'travel', inside: true }],
  operations: {
    // "check" is no word that the product takes for reading; the documentation says that it only looks.
    check_restaurant_opening_hours: { effect: 'read' },
    reserve_hotel: { effect: 'money' },
    reserve_restaurant: { effect: 'money' },
    reserve_car_rental: { effect: 'money' },
    // Addresses and prices of houses that are open to everybody are nobody's personal data.
    get_hotels_address: { labels: [] },
    get_restaurants_address: { labels: [] },
    get_car_rental_address: { labels: [] },
    get_price_for_restaurants: { labels: [] },
  },
};
