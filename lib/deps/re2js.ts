/** RE2JS: Go's regular expressions, in linear time, so that no template can hang on one. */
export { RE2JS } from "npm:re2js@^2.10.0";
