declare module "@alpinejs/csp" {
  const Alpine: { start(): void; data(name: string, make: (...values: never[]) => object): void; [more: string]: unknown };
  export default Alpine;
}
declare module "htmx.org/dist/ext/hx-alpine-compat.js";
