/**
 * Does what the test says.
 *
 * @NApiVersion 2.1
 * @NScriptType Restlet
 */
define([
  'N/crypto', 'N/encode', 'N/error', 'N/format', 'N/https', 'N/log', 'N/query', 'N/record', 'N/runtime', 'N/search',
  'N/transaction', 'N/url', './lib/counter', '/SuiteScripts/trial/lib/counter', 'SuiteScripts/trial/lib/counter.js'
], (crypto, encode, error, format, https, log, query, record, runtime, search, transaction, url, ...counters) => {
  const N = { crypto, encode, error, format, https, log, query, record, runtime, search, transaction, url };
  const post = ({ code, args }) => {
    const value = new Function('N', 'args', 'counters', 'require', code)(N, args, counters, require);
    return { value: value === undefined ? null : value };
  };
  const get = (query) => ({ got: query });
  const put = (text) => `${text}!`;
  return { get, post, put };
});
