// A client's first hour with jsforce: node jsforce_first_hour.cjs LOGIN_URL USERNAME PASSWORD. Prints what each step gave.
const { Connection } = require("jsforce");

const [loginUrl, username, password] = process.argv.slice(2);
const connection = new Connection({ loginUrl, version: "64.0" });
const search = "FIND {an*} IN NAME FIELDS RETURNING Contact(Id, Name LIMIT 3)";
const query = "SELECT Id, Name, BillingAddress, (SELECT Id FROM Contacts) FROM Account LIMIT 3";
const days = (count) => new Date(Date.now() + count * 86_400_000);
const rows = async (bulk) => {
  Object.assign(bulk, { pollInterval: 200, pollTimeout: 20_000 });
  return (await (await bulk.query("SELECT Id, Name FROM Account LIMIT 7")).toArray()).length;
};

const steps = {
  identity: async () => (await connection.identity()).username,
  query: async () => (await connection.query(query)).records.length,
  everything: async () => (await connection.query("SELECT Id FROM Contact", { autoFetch: true, maxFetch: 5_000 })).records.length,
  describeGlobal: async () => (await connection.describeGlobal()).sobjects.length,
  describe: async () => (await connection.describe("Account")).name,
  retrieve: async () => (await connection.sobject("Account").retrieve(["0015f00000G3k01AAB", "0015f00000G3k02AAB"])).length,
  search: async () => (await connection.search(search)).searchRecords.length,
  recent: async () => (await connection.recent()).length,
  updated: async () => (await connection.sobject("Contact").updated(days(-5), days(0))).ids.length > 0,
  layouts: async () => (await connection.sobject("Account").layouts()).layouts.length,
  tabs: async () => (await connection.tabs()).length,
  uploaded: async () => [].concat(await connection.metadata.list([{ type: "InboundCertificate" }])).length,
  bulk: () => rows(connection.bulk),
  bulk2: () => rows(connection.bulk2),
  refused: () => connection.query("SELECT Nothing FROM Account").then(() => "", (error) => error.errorCode),
};

(async () => {
  await connection.login(username, password);
  const gave = {};
  for (const [name, step] of Object.entries(steps)) gave[name] = await step();
  console.log(JSON.stringify(gave));
})();
