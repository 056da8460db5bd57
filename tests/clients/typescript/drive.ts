// Drives a live server with types that were generated from its own OpenAPI document. That it compiles is half of the test.

import createClient from "openapi-fetch";
import type { components, paths } from "./generated/schema.js";

declare const process: { argv: string[]; env: Record<string, string | undefined> };

type Execution = components["schemas"]["ExecutionDetail"];
type Problem = components["schemas"]["Problem"];
type Status = Execution["status"];

const DEADLINE_MS = 30_000;
const TERMINAL: Status[] = ["succeeded", "failed", "cancelled", "dead_letter"];

const baseUrl = process.argv[2]!;
const client = connect(process.env["TIDEMILL_TOKEN"]!);

const greeting = {
  id: "typescript-greeting",
  name: "Greeting",
  steps: [{ id: "greet", uses: "transform", with: { text: "Hello {{ trigger.body.name }}" } }],
  output: { text: "{{ steps.greet.output.text }}" },
};
const patience = {
  id: "typescript-patience",
  name: "Patience",
  steps: [{ id: "hour", uses: "wait", with: { duration: "1h" } }],
};

function connect(token: string) {
  return createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });
}

function assert(condition: unknown, what: string, seen?: unknown): asserts condition {
  if (!condition) throw new Error(`${what}: ${JSON.stringify(seen)}`);
}

/** The answer's data; anything but 2xx ends the program with the problem. */
function data<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  assert(answer.data !== undefined, `${answer.response.status} from ${answer.response.url}`, answer.error);
  return answer.data;
}

async function waitFor(id: string, reached: Status[]): Promise<Execution> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = data(await client.GET("/api/executions/{id}", { params: { path: { id } } }));
    if (reached.includes(found.status)) return found;
    assert(Date.now() < deadline, "the execution does not get there", found.status);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function apply(workflow: { id: string }) {
  const applied = await client.PUT("/api/workflows/{id}", { params: { path: { id: workflow.id } }, body: workflow });
  return data(applied);
}

async function start(workflow: { id: string }, input: unknown) {
  const path = { id: workflow.id };
  return data(await client.POST("/api/workflows/{id}/executions", { params: { path }, body: { input } }));
}

for (const workflow of [greeting, patience]) {
  const applied = await apply(workflow);
  assert(["created", "unchanged"].includes(applied.outcome), "applied", applied);
}

const started = await start(greeting, { name: "Ada" });
const finished = await waitFor(started.id, TERMINAL);
assert(finished.status === "succeeded", "succeeded", finished);
assert(JSON.stringify(finished.output) === '{"text":"Hello Ada"}', "output", finished.output);
assert(finished.steps[0]?.id === "greet", "steps", finished.steps);

const page = data(await client.GET("/api/executions", { params: { query: { workflow: greeting.id } } }));
assert(page.items.some((execution) => execution.id === started.id), "listed", page);

const waiting = await start(patience, null);
await waitFor(waiting.id, ["waiting"]);
data(await client.POST("/api/executions/{id}/cancel", { params: { path: { id: waiting.id } }, body: { reason: "the test is over" } }));
assert((await waitFor(waiting.id, TERMINAL)).status === "cancelled", "cancelled");

const missing = await client.GET("/api/executions/{id}", { params: { path: { id: "00000000-0000-7000-8000-000000000007" } } });
const problem: Problem | undefined = missing.error;
assert(missing.response.status === 404 && problem?.code === "not_found", "a typed problem", problem);
const refused = await connect("tm_not_a_token").GET("/api/executions");
assert(refused.response.status === 401 && refused.error?.code === "unauthenticated", "refused", refused.error);

for (const workflow of [greeting, patience]) {
  await client.DELETE("/api/workflows/{id}", { params: { path: { id: workflow.id } } });
}
console.log("typescript client: ok");
