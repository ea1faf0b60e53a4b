// Tests the changes to Swagger UI (crates/api/src/operations/swagger-plugin.js) by calling them as Swagger UI does.
// `BASE` is the URL of the server.

import assert from "node:assert/strict";
import vm from "node:vm";

const get = (path) => fetch(new URL(path, process.env.BASE));
const page = vm.createContext({ window: {}, crypto });
vm.runInContext(await (await get("/docs/swagger-initializer.js")).text(), page);
const React = { createElement: (type, props, ...children) => ({ type, props, children }) };
const { statePlugins, wrapComponents } = page.ThoughtsPlugin({ React });
const { executeRequest, updateJsonSpec } = statePlugins.spec.wrapActions;
const same = (value) => value;

// Each try of a call that takes a key gets a fresh one. A key that the reader chose stays.
const header = "header.Idempotency-Key";
const operation = new Map([["parameters", [new Map([["name", "Idempotency-Key"]])]]]);
const key = (parameters) => executeRequest(same)({ operation, parameters }).parameters[header];
assert.match(key({}), /^[0-9a-f]{32}$/);
assert.notEqual(key({}), key({}));
assert.equal(key({ [header]: "mine" }), "mine");
const keyless = { operation: new Map([["parameters", []]]), parameters: {} };
assert.equal(executeRequest(same)(keyless), keyless);

// Optional parameters start empty.
const document = updateJsonSpec(same)(await (await get("/openapi.json")).json());
const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
const optional = operations.flatMap((its) => its.parameters ?? []).filter((parameter) => !parameter.required);
assert.ok(optional.length > 20);
for (const parameter of optional) {
  assert.equal(parameter.example ?? parameter.schema.default, undefined, parameter.name);
}

// A padlock is closed before the log-in, and open after it.
for (const name of ["authorizeBtn", "authorizeOperationBtn"]) {
  for (const isAuthorized of [true, false]) {
    assert.equal(wrapComponents[name]("button")({ isAuthorized }).props.isAuthorized, !isAuthorized);
  }
}

// A problem takes one line; a success is shown unchanged.
const response = new Map([["description", "`not_found`"]]);
const shown = (code) => wrapComponents.response("whole")({ code, response, getComponent: () => "Markdown" });
assert.equal(shown("201").type, "whole");
assert.equal(shown("404").type, "tr");

// Sign-up comes first, then log-in, then the rest in its order.
const called = (id) => ({ id, getIn: () => id });
const order = ["logIn", "listUsers", "signUp", "showMe"].map(called).sort(page.byTour).map((its) => its.id);
assert.deepEqual(order, ["signUp", "logIn", "listUsers", "showMe"]);

console.log("/docs: as it should be");
