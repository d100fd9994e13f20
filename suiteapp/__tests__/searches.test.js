jest.mock('N/log', () => ({ audit: jest.fn(), error: jest.fn() }));
jest.mock('N/search', () => {
  const there = new Set(['customsearch_tieout_invoices']);
  return {
    Type: { CUSTOMER: 'customer', TRANSACTION: 'transaction' },
    load: jest.fn(({ id }) => {
      if (!there.has(id)) throw Object.assign(new Error('That search does not exist.'), { name: 'INVALID_SEARCH' });
      return { id };
    }),
    create: jest.fn((one) => ({ save: () => {
      if (one.id.endsWith('customers')) throw Object.assign(new Error('No.'), { name: 'INSUFFICIENT_PERMISSION' });
      there.add(one.id);
    } }))
  };
});

const log = require('N/log');
const search = require('N/search');
const { execute } = require('SuiteScripts/tieout/tieout_searches');

test('searches that are missing are made, those that are there are left, a failure does not stop the rest', () => {
  execute();
  expect(search.create.mock.calls.map(([one]) => one.id)).toEqual([
    'customsearch_tieout_customers', 'customsearch_tieout_settlements', 'customsearch_tieout_open_invoices'
  ]);
  expect(log.error).toHaveBeenCalledWith({
    title: 'Tieout: saved search customsearch_tieout_customers was not made', details: 'INSUFFICIENT_PERMISSION: No.'
  });
  search.create.mockClear();
  execute();
  expect(search.create.mock.calls.map(([one]) => one.id)).toEqual(['customsearch_tieout_customers']);
});

test('every search has a title, and ids within the 40 characters that NetSuite allows', () => {
  search.create.mockClear();
  search.load.mockImplementation(() => { throw new Error('none'); });
  execute();
  const made = search.create.mock.calls.map(([one]) => one);
  expect(made).toHaveLength(4);
  made.forEach((one) => {
    expect(one.id).toMatch(/^customsearch_tieout_[a-z_]{1,20}$/);
    expect(one).toMatchObject({ title: expect.stringMatching(/^Tieout: /), isPublic: true });
  });
});
