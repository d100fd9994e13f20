// N/runtime as NetSuite has it: Oracle's stub leaves the enumeration and the properties undefined.
const state = { parameters: {}, user: 7, usage: 5000 };

const runtime = {
  accountId: '1234567_SB1',
  executionContext: 'USERINTERFACE',
  ContextType: {
    REST_WEBSERVICES: 'RESTWEBSERVICES', RESTLET: 'RESTLET', USER_INTERFACE: 'USERINTERFACE', CSV_IMPORT: 'CSVIMPORT'
  },
  getCurrentUser: () => ({ id: state.user }),
  getCurrentScript: () => ({
    getParameter: ({ name }) => (name in state.parameters ? state.parameters[name] : null),
    getRemainingUsage: () => state.usage
  }),
  state
};

module.exports = runtime;
