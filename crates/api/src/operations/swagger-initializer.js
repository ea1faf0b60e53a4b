// Starts Swagger UI for /openapi.json. After a successful "Log in" or "Exchange a refresh token" in the page, the
// access token of the response is set as if it had been entered with the "Authorize" button.
window.onload = function () {
  // Request bodies are a few lines long.
  const style = document.createElement("style");
  style.textContent = ".swagger-ui textarea.body-param__text { min-height: 0; height: 8rem; }";
  document.head.append(style);
  window.ui = SwaggerUIBundle({
    url: "../openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    operationsSorter: byTour,
    displayRequestDuration: true,
    filter: true,
    tryItOutEnabled: true,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl, ThoughtsPlugin],
    layout: "StandaloneLayout",
    responseInterceptor: function (response) {
      const path = new URL(response.url, window.location.href).pathname;
      if (response.ok && (path.endsWith("/v1/sessions") || path.endsWith("/v1/sessions/refresh"))) {
        const session = typeof response.body === "object" ? response.body : JSON.parse(response.text);
        window.ui.authActions.authorize({
          bearer: { name: "bearer", value: session.access_token, schema: { type: "http", scheme: "bearer" } },
        });
      }
      return response;
    },
  });
};
