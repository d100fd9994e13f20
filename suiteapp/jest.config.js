const SuiteCloud = require('@oracle/suitecloud-unit-testing/jest-configuration/SuiteCloudJestConfiguration');

const config = SuiteCloud.build({ projectFolder: 'src', projectType: SuiteCloud.ProjectType.ACP });

module.exports = { ...config, testMatch: ['**/__tests__/*.test.js'] };
