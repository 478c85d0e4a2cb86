/* The API document in the vendored viewer; nothing is sent to other hosts. */

const place = document.getElementById("api-docs");
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

/* What visitors may call needs no padlock, though a token is taken there too. */
const withoutPadlock = (Summary, system) => (props) => {
  const operation = props.operationProps;
  const open = operation.get("security")?.some((way) => way.isEmpty());
  return system.React.createElement(Summary, open ? { ...props, operationProps: operation.delete("security") } : props);
};

dark.addEventListener("change", follow);
follow();
window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.openapi,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  validatorUrl: null,
  /* The page has its heading already. */
  plugins: [{ wrapComponents: { InfoContainer: () => () => null, OperationSummary: withoutPadlock } }],
});
