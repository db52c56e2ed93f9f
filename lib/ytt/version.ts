/** The version of ytt whose behaviour is reproduced; `version.require_at_least` compares with it. */
export const version = "0.49.0";
