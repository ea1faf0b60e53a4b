// Changes to Swagger UI:
// - optional parameters start empty, and a call that takes an Idempotency-Key gets a fresh one on every try;
// - a closed padlock means that the call needs a log-in first, an open one that it can be made;
// - each problem response takes one line, because all have the schema "Problem"; headers and links are names only;
// - sign-up comes first, then log-in.

// A fresh random key. `randomUUID` is missing on pages that are not served over TLS.
function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The document without the values that Swagger UI would put into optional parameters.
function withoutPrefilled(document) {
  for (const item of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(item)) {
      for (const parameter of operation.parameters ?? []) {
        if (!parameter.required) {
          delete parameter.example;
          delete parameter.schema?.default;
        }
      }
    }
  }
  return document;
}

// The request of a try. If the call takes a key and the reader chose none, it gets a fresh one.
function withFreshKey(request) {
  const name = "Idempotency-Key";
  const takesKey = request.operation?.get("parameters")?.some((parameter) => parameter.get("name") === name);
  if (!takesKey || request.parameters?.[`header.${name}`]) {
    return request;
  }
  return { ...request, parameters: { ...request.parameters, [`header.${name}`]: freshKey() } };
}

const FIRST = ["signUp", "logIn"];

// Sorts the operations of FIRST to the front and keeps the order of the others.
function byTour(one, other) {
  const place = (operation) => {
    const index = FIRST.indexOf(operation.getIn(["operation", "operationId"]));
    return index < 0 ? FIRST.length : index;
  };
  return place(one) - place(other);
}

function ThoughtsPlugin({ React }) {
  // Swagger UI shows a closed padlock when credentials are set; this inverts it.
  const inverted = (Original) => (props) =>
    React.createElement(Original, { ...props, isAuthorized: !props.isAuthorized });
  const short = (Original) => (props) => {
    if (Number(props.code) < 400) {
      return React.createElement(Original, props);
    }
    const Markdown = props.getComponent("Markdown", true);
    const description = React.createElement(Markdown, { source: props.response.get("description") });
    return React.createElement("tr", { className: `response ${props.className ?? ""}`, "data-code": props.code },
      React.createElement("td", { className: "response-col_status" }, props.code),
      React.createElement("td", { className: "response-col_description", colSpan: 2 }, description));
  };
  const link = () => ({ name }) => React.createElement("div", null, React.createElement("code", null, name));
  const names = () => ({ headers }) => {
    const name = ([name, header]) => React.createElement("code", { key: name, title: header.get("description") }, name, " ");
    return React.createElement("p", null, "Headers: ", headers.entrySeq().map(name).toArray());
  };
  return {
    statePlugins: {
      spec: {
        wrapActions: {
          updateJsonSpec: (original) => (document) => original(withoutPrefilled(document)),
          executeRequest: (original) => (request) => original(withFreshKey(request)),
        },
      },
    },
    wrapComponents: {
      authorizeBtn: inverted,
      authorizeOperationBtn: inverted,
      response: short,
      operationLink: link,
      headers: names,
    },
  };
}
