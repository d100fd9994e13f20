// N/crypto over Node's: HMAC with the API secrets of this account, hex in upper case as NetSuite may give it.
const crypto = require('node:crypto');

const secrets = { custsecret_tieout_callback: 'a callback secret of 32 letters!' };

const secretOf = (id) => {
  if (!(id in secrets)) throw Object.assign(new Error(`The secret ${id} does not exist.`), { name: 'INVALID_SECRET' });
  return secrets[id];
};

module.exports = {
  secrets,
  HashAlg: { SHA256: 'SHA256' },
  createSecretKey: ({ secret, encoding }) => ({ secret, encoding, value: secretOf(secret) }),
  createHmac: ({ algorithm, key }) => {
    const mac = crypto.createHmac(algorithm, key.value);
    return {
      update: ({ input, inputEncoding }) => mac.update(input, inputEncoding),
      digest: ({ outputEncoding }) => mac.digest(outputEncoding.toLowerCase()).toUpperCase()
    };
  }
};
