/**
 * Makes the saved searches that show what Tieout's sweeps look for. One that is there is left as it is.
 *
 * They are made by a script because a saved search cannot be written by hand in a SuiteCloud project (Online Help,
 * Saved Searches as XML Definitions). Run it once after the installation.
 *
 * @NApiVersion 2.1
 * @NScriptType ScheduledScript
 * @NModuleScope SameAccount
 */
define(['N/log', 'N/search'], (log, search) => {
  const RECENT = ['lastmodifieddate', 'onorafter', 'daysago7'];
  const MAIN = ['mainline', 'is', 'T'];
  const COLUMNS = ['internalid', 'externalid', 'tranid', 'entity', 'trandate', 'statusref', 'lastmodifieddate'];
  const SETTLEMENTS = ['CustPymt', 'CustCred', 'CustRfnd', 'DepAppl', 'CashSale', 'CashRfnd'];

  const SEARCHES = [
    {
      id: 'customsearch_tieout_customers', type: search.Type.CUSTOMER, title: 'Tieout: Customers Changed',
      filters: [RECENT],
      columns: ['internalid', 'externalid', 'entityid', 'email', 'lastmodifieddate', 'custentity_tieout_stripe_id']
    },
    {
      id: 'customsearch_tieout_invoices', type: search.Type.TRANSACTION, title: 'Tieout: Invoices Changed',
      filters: [['type', 'anyof', 'CustInvc'], 'AND', MAIN, 'AND', RECENT],
      columns: [...COLUMNS, 'custbody_tieout_stripe_id', 'custbody_tieout_stripe_status']
    },
    {
      id: 'customsearch_tieout_settlements', type: search.Type.TRANSACTION, title: 'Tieout: Settlements Changed',
      filters: [['type', 'anyof', ...SETTLEMENTS], 'AND', MAIN, 'AND', RECENT],
      columns: ['type', ...COLUMNS, 'custbody_tieout_charge_id']
    },
    {
      id: 'customsearch_tieout_open_invoices', type: search.Type.TRANSACTION, title: 'Tieout: Open Invoices in Stripe',
      filters: [
        ['type', 'anyof', 'CustInvc'], 'AND', MAIN, 'AND', ['status', 'anyof', 'CustInvc:A'], 'AND',
        ['custbody_tieout_stripe_id', 'isnotempty', '']
      ],
      columns: [...COLUMNS, 'amountremaining', 'custbody_tieout_stripe_id', 'custbody_tieout_stripe_status']
    }
  ];

  const execute = () => SEARCHES.forEach((one) => {
    try {
      if (!isThere(one.id)) search.create({ ...one, isPublic: true }).save();
      log.audit({ title: 'Tieout: saved search is there', details: one.id });
    } catch (error) {
      log.error({ title: `Tieout: saved search ${one.id} was not made`, details: `${error.name}: ${error.message}` });
    }
  });

  const isThere = (id) => {
    try {
      return Boolean(search.load({ id }));
    } catch (error) {
      return false;
    }
  };

  return { execute };
});
