// Runs the README's tour with a client generated from openapi.json. `BASE` is the URL of the server.

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { env: Record<string, string | undefined> };

type Problem = components["schemas"]["Problem"];

function check(holds: boolean, what: string): asserts holds {
  if (!holds) {
    throw new Error(what);
  }
}

/// The body of a successful response.
function body<Data>(answer: { data?: Data; error?: Problem; response: Response }): Data {
  if (answer.data === undefined) {
    throw new Error(`${answer.response.url}: ${answer.response.status} ${answer.error?.code}`);
  }
  return answer.data;
}

const client = createClient<paths>({ baseUrl: process.env["BASE"] ?? "http://127.0.0.1:3000" });
const credentials = { username: `ts_${Date.now().toString(36)}`, password: "correct horse battery" };

const user = body(await client.POST("/v1/users", { body: credentials }));
check(user.username === credentials.username, "signed up under another name");

const session = body(await client.POST("/v1/sessions", { body: credentials }));
client.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${session.access_token}`);
  },
});

const key = { "Idempotency-Key": crypto.randomUUID() };
const publish = () => client.POST("/v1/posts", { params: { header: key }, body: { content: "Hello, world." } });
const post = body(await publish());
const again = await publish();
check(body(again).id === post.id, "a repeated call published another post");
check(again.response.headers.get("Idempotency-Replayed") === "true", "a repeated call does not say so");

const like = await client.PUT("/v1/posts/{id}/like", { params: { path: { id: post.id } } });
check(like.response.status === 204, `a like was answered ${like.response.status}`);

const page = body(await client.GET("/v1/posts", { params: { query: { limit: 1 } } }));
const newest = page.items[0];
check(newest?.id === post.id && newest.like_count === 1, "the newest post is not the one that was liked");
check(newest.viewer?.liked === true, "the reader does not see their own like");
check(newest.edited_at === null, "a new post was edited");

const taken = await client.POST("/v1/users", { body: credentials });
check(taken.error?.code === "username_taken", `a name can be had twice: ${taken.response.status}`);

console.log(`TypeScript: ${user.username} published ${post.id}`);
