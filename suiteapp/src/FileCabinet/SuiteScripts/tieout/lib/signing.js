/**
 * The signature of a callback: HMAC-SHA256 over "timestamp.body" with an API secret, which no script can read.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['N/crypto', 'N/encode'], (crypto, encode) => {
  /** Hex in lower case: NetSuite may give it in upper case. `secret` is the secret's script id (`custsecret_...`). */
  const signature = (secret, timestamp, body) => {
    const key = crypto.createSecretKey({ secret, encoding: encode.Encoding.UTF_8 });
    const mac = crypto.createHmac({ algorithm: crypto.HashAlg.SHA256, key });
    mac.update({ input: `${timestamp}.${body}`, inputEncoding: encode.Encoding.UTF_8 });
    return mac.digest({ outputEncoding: encode.Encoding.HEX }).toLowerCase();
  };

  const headers = (secret, timestamp, body) => ({
    'Content-Type': 'application/json',
    'X-Tieout-Timestamp': timestamp,
    'X-Tieout-Signature': `v1=${signature(secret, timestamp, body)}`
  });

  return { headers, signature };
});
