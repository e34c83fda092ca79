// Scenarios run with jsforce; each prints one JSON document of facts for the test to judge.
// jsforce talks plain http when told to, so nothing of it is changed.
const jsforce = require("jsforce");
const { StreamingExtension } = require("jsforce/api/streaming");

const [, , scenario, address, ...rest] = process.argv;
const app = { clientId: "3MVG9haldenmarsh.tieline", clientSecret: "halden-marsh-consumer-secret", loginUrl: address };
const user = { name: "integration@haldenmarsh.example", password: "halden-marsh-passwordSECTOKEN" };
const version = "66.0";

async function connect(options = {}) {
  const conn = new jsforce.Connection({ oauth2: app, loginUrl: address, instanceUrl: address, version, ...options });
  await conn.authorize({ grant_type: "client_credentials" });
  return conn;
}

async function customize(change) {
  const answer = await fetch(`${address}/__standin__/customize`, { method: "POST", body: JSON.stringify(change) });
  if (answer.status !== 200) throw new Error(await answer.text());
}

const externalId = { object: "Account", name: "Ext_Id__c", type: "string", length: 80, externalId: true, unique: true };

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return { code: error.errorCode, message: error.message, data: error.data };
  }
  return null;
}

const scenarios = {
  async log_in() {
    const credentials = await connect();
    const soap = new jsforce.Connection({ loginUrl: address, instanceUrl: address, version: "59.0" });
    const who = await soap.login(user.name, user.password);
    const password = new jsforce.Connection({ oauth2: app, loginUrl: address, instanceUrl: address, version });
    await password.login(user.name, user.password);
    return {
      identity: await credentials.identity(),
      instance: credentials.instanceUrl,
      soap: who,
      organizations: (await soap.query("SELECT Id FROM Organization")).records.map((row) => row.Id),
      password: (await password.query("SELECT Id FROM Organization")).totalSize,
      bad: await failure(new jsforce.Connection({ loginUrl: address, version: "59.0" }).login(user.name, "no")),
    };
  },

  async refresh() {
    // An access token that has ended: jsforce gets a new one by its refresh token and repeats the call.
    const [refreshToken] = rest;
    const conn = new jsforce.Connection({
      oauth2: app, instanceUrl: address, version, accessToken: "00Dended!AQ", refreshToken,
    });
    let refreshed = 0;
    conn.on("refresh", () => (refreshed += 1));
    const found = await conn.query("SELECT COUNT() FROM User");
    const wrong = new jsforce.Connection({
      oauth2: app, instanceUrl: address, version, accessToken: "00Dended!AQ", refreshToken: "5Aepwrong",
    });
    return { refreshed, total: found.totalSize, wrong: await failure(wrong.query("SELECT Id FROM User")) };
  },

  async create_read_update_delete() {
    await customize({ fields: [externalId] });
    const conn = await connect();
    const account = conn.sobject("Account");
    const one = await account.create({ Name: "A", Ext_Id__c: "E1" });
    const many = await account.create([{ Name: "B" }, { Name: "C", Ext_Id__c: "E1" }, { Description: "nameless" }]);
    const updated = await account.update({ Id: one.id, Description: "changed" });
    const updatedMany = await account.update([{ Id: one.id, Name: "A2" }, { Id: "001000000000000AAA", Name: "x" }]);
    const upserted = await account.upsert({ Ext_Id__c: "E1", Name: "A3" }, "Ext_Id__c");
    const upsertedMany = await account.upsert([{ Ext_Id__c: "E1", Name: "A4" }, { Ext_Id__c: "E2", Name: "D" }], "Ext_Id__c");
    const read = await account.retrieve(one.id);
    const readMany = await account.retrieve([one.id, many[0].id]);
    const destroyed = await account.destroy(one.id);
    const destroyedMany = await account.destroy([many[0].id, one.id]);
    return {
      one, many, updated, updatedMany, upserted, upsertedMany, read, readMany, destroyed, destroyedMany,
      gone: await failure(account.retrieve(one.id)),
      duplicate: await failure(account.create({ Name: "E", Ext_Id__c: "E2" })),
      all_or_none: await account.create([{ Name: "kept?" }, { Description: "nameless" }], { allOrNone: true }),
      kept: (await conn.query("SELECT COUNT() FROM Account WHERE Name = 'kept?'")).totalSize,
      bad_query: await failure(conn.query("SELECT Bogus FROM Account")),
      described: (await account.describe()).fields.find((field) => field.name === "Ext_Id__c"),
      updated_window: await account.updated(new Date(Date.now() - 3600e3), new Date(Date.now() + 60e3)),
    };
  },

  async query_paging() {
    await customize({ fields: [externalId] });
    const conn = await connect();
    const rows = Array.from({ length: 950 }, (_, n) => ({ Name: `P${n}`, Ext_Id__c: `P${n}` }));
    const made = await conn.sobject("Account").create(rows, { allowRecursive: true });
    const headers = { "Sforce-Query-Options": "batchSize=200" };
    const soql = "SELECT Id, Name FROM Account WHERE Ext_Id__c != null ORDER BY CreatedDate, Id";
    const first = await conn.query(soql, { headers });
    const sizes = [first.records.length];
    const seen = new Set(first.records.map((row) => row.Id));
    for (let page = first; !page.done; ) {
      page = await conn.queryMore(page.nextRecordsUrl, { headers });
      sizes.push(page.records.length);
      page.records.forEach((row) => seen.add(row.Id));
    }
    const fetched = await conn.query(soql).execute({ autoFetch: true, maxFetch: 5000 });
    const built = await conn.sobject("Account").find({ Name: { $like: "P1%" }, Ext_Id__c: { $in: ["P1", "P10", "P2"] } },
      ["Name"]).sort({ Name: -1 }).limit(5);
    return { made: made.filter((row) => row.success).length, total: first.totalSize, sizes, distinct: seen.size,
      fetched: fetched.length ?? fetched.records.length, built: built.map((row) => row.Name) };
  },

  async bulk() {
    await customize({ fields: [externalId] });
    const conn = await connect();
    conn.bulk2.pollInterval = 20;
    const loaded = await conn.bulk2.loadAndWaitForResults({
      object: "Account", operation: "upsert", externalIdFieldName: "Ext_Id__c",
      input: [{ Ext_Id__c: "E1", Name: "A" }, { Ext_Id__c: "E2", Name: "" }],
    });
    const stream = await conn.bulk2.query("SELECT Id, Name FROM Account WHERE Ext_Id__c != null");
    return { loaded, queried: await stream.toArray() };
  },

  async composite() {
    const conn = await connect();
    const root = `/services/data/v${version}`;
    const answer = await conn.requestPost(`${root}/composite`, {
      allOrNone: true,
      compositeRequest: [
        { method: "POST", url: `${root}/sobjects/Account`, referenceId: "a", body: { Name: "x" } },
        { method: "GET", url: `${root}/sobjects/Account/@{a.id}`, referenceId: "b" },
      ],
    });
    return answer.compositeResponse;
  },

  // Listens on rest[0] from replay id rest[1]; once subscribed makes rest[3] opportunities; ends after rest[2] events.
  async stream() {
    const [channel, replay, wanted, makes = "0", client = ""] = rest;
    const conn = await connect(client ? { callOptions: { client } } : {});
    const streaming = conn.streaming.createClient([new StreamingExtension.Replay(channel, Number(replay))]);
    const events = [];
    const enough = new Promise((resolve) => {
      streaming.subscribe(channel, (data) => events.push(data) >= Number(wanted) && resolve()).then(async () => {
        for (let n = 0; n < Number(makes); n += 1) {
          const made = await conn.sobject("Opportunity").create(
            { Name: `Deal ${n}`, StageName: "Prospecting", CloseDate: "2026-12-31" });
          await conn.sobject("Opportunity").update({ Id: made.id, StageName: "Closed Won" });
        }
        if (Number(wanted) === 0) resolve();
      });
    });
    await enough;
    await streaming.disconnect();
    return { events, schema: events.length
      ? await conn.request(`/services/data/v${version}/event/eventSchema/${events[0].schema}?payloadFormat=COMPACT`) : null };
  },

  async stream_without_login() {
    const conn = new jsforce.Connection({ instanceUrl: address, version, accessToken: "00Dended!AQ" });
    const denied = new Promise((resolve) => {
      const streaming = conn.streaming.createClient([new StreamingExtension.AuthFailure(resolve)]);
      streaming.subscribe("/data/ChangeEvents", () => {});
    });
    return denied;
  },
};

scenarios[scenario]().then(
  (facts) => process.stdout.write(JSON.stringify(facts) + "\n", () => process.exit(0)),
  (error) => { console.error(error); process.exit(1); },
);
