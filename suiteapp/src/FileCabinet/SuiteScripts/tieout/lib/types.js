/**
 * The records Tieout writes: REST name, SuiteScript type, SuiteQL table, cost class, and what differs between the two.
 *
 * `party` is the field that names the customer. A record whose documents are listed for that customer alone is started
 * with it. `names` are SuiteScript ids that are not REST's name in lower case.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['./refusal'], ({ refusal }) => {
  const TRANSACTION = 'transaction';
  const SALE = ['item', 'taxdetails'];

  const TYPES = {
    customer: {
      id: 'customer', table: 'customer', kind: 'other',
      names: { currencylist: 'currency' }, lines: ['currencylist', 'addressbook'], keys: { currencylist: 'currency' }
    },
    invoice: { id: 'invoice', code: 'CustInvc', lines: SALE, voids: true },
    cashSale: { id: 'cashsale', code: 'CashSale', lines: SALE, voids: true },
    cashRefund: { id: 'cashrefund', code: 'CashRfnd', lines: SALE, voids: true },
    creditMemo: { id: 'creditmemo', code: 'CustCred', party: 'entity', lines: SALE, selects: ['apply'], voids: true },
    customerPayment: {
      id: 'customerpayment', code: 'CustPymt', party: 'customer', selects: ['apply', 'credit', 'deposit'], voids: true
    },
    customerRefund: {
      id: 'customerrefund', code: 'CustRfnd', party: 'customer', selects: ['apply', 'deposit'], voids: true
    },
    customerDeposit: { id: 'customerdeposit', code: 'CustDep', party: 'customer', voids: true },
    depositApplication: { id: 'depositapplication', code: 'DepAppl', selects: ['apply'] },
    deposit: { id: 'deposit', code: 'Deposit', lines: ['other', 'cashback'], selects: ['payment'] },
    journalEntry: { id: 'journalentry', code: 'Journal', lines: ['line'], voids: true },
    customrecord_tieout_invoice_link: {
      id: 'customrecord_tieout_invoice_link', table: 'customrecord_tieout_invoice_link', kind: 'custom'
    }
  };

  const NAMES = Object.keys(TYPES);

  const TRANSFORMS = {
    invoice: ['creditMemo', 'customerPayment'],
    creditMemo: ['customerRefund'],
    customerPayment: ['customerRefund'],
    customerDeposit: ['depositApplication', 'customerRefund'],
    cashSale: ['cashRefund']
  };

  const named = (name) => {
    if (!NAMES.includes(name)) {
      throw refusal('TYPE_NOT_ALLOWED', `Records of type ${name} are not written by this script.`);
    }
    return {
      table: TRANSACTION, kind: TRANSACTION, names: {}, lines: [], selects: [], keys: {}, ...TYPES[name], name
    };
  };

  const voidable = (name) => {
    const type = named(name);
    if (!type.voids) throw refusal('TYPE_NOT_ALLOWED', `NetSuite has no void for records of type ${name}.`);
    return type;
  };

  const assertTransform = (from, to) => {
    if (!NAMES.includes(from) || !(TRANSFORMS[from] || []).includes(to)) {
      throw refusal('TYPE_NOT_ALLOWED', `A ${from} is not made into a ${to} by this script.`);
    }
  };

  return { TRANSACTION, names: NAMES, named, voidable, assertTransform };
});
