// What NetSuite's forms have: fields and sublists by record type. A select list is filled by NetSuite.
const SALE = ['entity', 'trandate', 'memo', 'currency', 'account', 'exchangerate', 'postingperiod', 'subsidiary'];
const MONEY = ['customer', 'trandate', 'memo', 'currency', 'account', 'payment', 'aracct', 'subsidiary', 'checknum'];
const ITEM = ['line', 'item', 'quantity', 'rate', 'amount', 'price', 'description', 'taxcode', 'class', 'custcol_a_day'];
const APPLY = ['doc', 'line', 'apply', 'amount', 'due', 'applydate'];
const BANK = ['line', 'account', 'amount', 'memo', 'entity', 'department', 'class', 'location'];
const BODY = ['custbody_tieout_stripe_id', 'custbody_tieout_due_date', 'custbody_a_day', 'custbody_many', 'voidjournal'];

const kinds = { custbody_a_day: 'date', custcol_a_day: 'date', trandate: 'date' };
const forms = {
  customer: {
    fields: ['companyname', 'isperson', 'email', 'subsidiary', 'isinactive', 'custentity_tieout_stripe_id'],
    lists: { currency: ['currency'], addressbook: ['internalid', 'label', 'defaultbilling', 'addressbookaddress'] }
  },
  invoice: { fields: [...SALE, ...BODY, 'duedate'], lists: { item: ITEM, taxdetails: ['taxdetailsreference', 'taxamount'] } },
  cashsale: { fields: [...SALE, ...BODY], lists: { item: ITEM } },
  cashrefund: { fields: [...SALE, ...BODY], lists: { item: ITEM } },
  creditmemo: { fields: [...SALE, ...BODY], lists: { item: ITEM, apply: APPLY } },
  customerpayment: { fields: [...MONEY, ...BODY], lists: { apply: APPLY, credit: APPLY, deposit: APPLY } },
  customerrefund: { fields: [...MONEY, ...BODY], lists: { apply: APPLY, deposit: ['doc', 'apply', 'amount'] } },
  customerdeposit: { fields: [...MONEY, ...BODY, 'salesorder'], lists: {} },
  depositapplication: { fields: ['trandate', 'memo', ...BODY], lists: { apply: APPLY } },
  deposit: {
    fields: ['account', 'trandate', 'memo', 'currency', ...BODY],
    lists: { payment: ['id', 'deposit', 'paymentamount'], other: BANK, cashback: BANK }
  },
  journalentry: { fields: ['subsidiary', 'trandate', 'memo', ...BODY], lists: { line: [...BANK, 'debit', 'credit'] } },
  customrecord_tieout_invoice_link: {
    fields: ['name', 'url', 'pdf', 'status', 'stripe_id', 'invoice', 'customer', 'expires'].map((name) =>
      name === 'name' ? name : `custrecord_tieout_${name}`),
    lists: {}
  }
};

module.exports = { address: ['country', 'addr1', 'addr2', 'city', 'state', 'zip', 'addressee'], forms, kinds };
