// A round with npm `@brokenrubik/netsuite-sdk`: OAuth 2.0 with a certificate, upsert, batches, jobs, idempotency.
// The SDK knows only the account's own host, so fetch is sent to the stand-in instead.
const { readFileSync } = require("fs");
const { NetSuiteClient } = require("@brokenrubik/netsuite-sdk");

const [base, keyFile, certificateId] = process.argv.slice(2);
const realFetch = globalThis.fetch;
globalThis.fetch = (url, options) => realFetch(String(url).replace(/^https:\/\/[^/]+/, base), options);

const client = new NetSuiteClient({
  accountId: "TSTDRV1234567_SB1",
  clientId: "conformance-client",
  certificateId,
  privateKey: readFileSync(keyFile, "utf8"),
  maxRetries: 0,
});

const attempt = async (promise) => {
  try {
    return await promise;
  } catch (error) {
    return { failed: error.name, status: error.status, code: error.errorCode, path: error.errorPath, jobId: error.jobId };
  }
};

const batches = async (seen) => {
  const items = [
    { externalId: "b1", companyName: "Batch One", subsidiary: { id: "1" } },
    { externalId: "b2", companyName: "Batch Two" },
  ];
  const key = "cac827ea-3543-4cda-add2-bae634326c27";
  const job = await client.batchUpsert("customer", items, { idempotencyKey: key, parallel: true });
  seen.batch = await job.wait({ pollInterval: 20 });
  seen.again = await attempt(client.batchUpsert("customer", items, { idempotencyKey: key }));
  seen.batchId = job.id;
  const got = await client.batchGet("customer", ["eid:b1", "99999"]);
  seen.batchGet = await got.wait({ pollInterval: 20 });
  const gone = await client.batchDelete("customer", ["eid:b1"]);
  seen.batchDelete = await gone.wait({ pollInterval: 20 });
};

(async () => {
  const seen = {};
  seen.create = await attempt(client.createRecord("customer", { companyName: "A", subsidiary: { id: "1" }, colour: "red" }));
  if (process.argv[5] === "login") {
    console.log(JSON.stringify(seen));
    return;
  }
  seen.upsert = await attempt(
    client.upsertRecord("customer", "EXT-1", { companyName: "B", subsidiary: { id: "2" } }, { replace: "addressBook" })
  );
  seen.update = await attempt(client.updateRecord("customer", seen.upsert.id, { phone: "1" }));
  seen.read = await attempt(client.getRecord("customer", seen.upsert.id, { fields: "phone,companyName" }));
  seen.list = await attempt(client.listRecords("customer", { limit: 2, q: 'lastModifiedDate AFTER "1/1/2024"' }));
  seen.suiteql = await attempt(client.suiteql("SELECT COUNT(*) AS n FROM customer", { limit: 1000, offset: 0 }));
  seen.bad = await attempt(client.createRecord("customer", { companyName: "C" }));
  seen.missing = await attempt(client.getRecord("customer", "99999"));
  await batches(seen);
  console.log(JSON.stringify(seen));
})();
