// A round with npm `netsuite-rest` (token-based authentication; no content type on POST); prints what it saw as JSON.
const NsApiWrapper = require("netsuite-rest");

const api = new NsApiWrapper({
  consumer_key: "standin-consumer-key",
  consumer_secret_key: "standin-consumer-secret",
  token: "standin-token-id",
  token_secret: "standin-token-secret",
  realm: "TSTDRV1234567_SB1",
  base_url: process.argv[2],
});

const send = async (options) => {
  try {
    const answer = await api.request(options);
    // The client copies the answer field by field and loses `headers`, a getter; rawHeaders comes through.
    const at = answer.rawHeaders.findIndex((name) => name.toLowerCase() === "location");
    return { status: answer.statusCode, location: answer.rawHeaders[at + 1], data: answer.data };
  } catch (error) {
    if (!error.response) throw error;
    return { status: error.response.statusCode, data: JSON.parse(error.response.body) };
  }
};

(async () => {
  const seen = {};
  seen.options = await send({ path: "*", method: "OPTIONS" });
  const customer = { companyName: "Tiefblau & Söhne", subsidiary: { id: "3" }, externalId: "rest 1" };
  seen.create = await send({ path: "record/v1/customer", method: "POST", body: JSON.stringify(customer) });
  seen.read = await send({ path: "record/v1/customer/eid%3Arest%201?simpleEnumFormat=true" });
  seen.filtered = await send({ path: "record/v1/customer?q=companyName%20CONTAIN%20%22blau%22" });
  const query = { q: "SELECT id, externalid FROM customer WHERE externalid = ?", params: ["rest 1"] };
  seen.suiteql = await send({
    path: "query/v1/suiteql?limit=5&offset=0",
    method: "POST",
    body: JSON.stringify(query),
  });
  seen.offset = await send({ path: "record/v1/customer?limit=2&offset=3" });
  seen.missing = await send({ path: "record/v1/customer/99999" });
  seen.throttled = await send({ path: "record/v1/employee/1" });
  console.log(JSON.stringify(seen));
})();
