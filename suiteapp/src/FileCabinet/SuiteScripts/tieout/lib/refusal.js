/**
 * A request, or an item of a batch, that is not carried out: a code for the program, a sentence for the person.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define([], () => {
  const refusal = (code, message) => Object.assign(new Error(message), { name: code });

  /** What the caller is told of an error, ours or NetSuite's: its name is the code. */
  const envelope = (error) => ({
    ok: false,
    code: String((error && error.name) || 'UNEXPECTED_ERROR'),
    message: String((error && error.message) || error)
  });

  return { refusal, envelope };
});
