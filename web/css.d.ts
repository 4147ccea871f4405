/** Style sheets are bundled into main.css. */
declare module "*.css";
