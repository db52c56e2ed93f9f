/** Formats a number as Go's `strconv.FormatFloat(value, verb, precision, 64)`; -1 is "shortest". */
export function formatFloat(
  value: number,
  verb: "e" | "f" | "g",
  precision: number,
): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const abs = Math.abs(value);
  if (verb === "f") {
    const plain = precision < 0 ? plainDigits(abs) : fixed(abs, precision);
    return sign + plain;
  }
  if (verb === "e") return sign + exponential(abs, precision);
  const [digits, exponent] = decimal(abs, precision < 0 ? -1 : Math.max(precision, 1) - 1);
  let limit = precision < 0 ? 6 : precision;
  if (precision >= 0 && limit > digits.length && digits.length >= exponent + 1) {
    limit = digits.length;
  }
  if (precision < 0) limit = 6;
  if (exponent < -4 || exponent >= limit) {
    const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
    return `${sign}${mantissa}e${exponentText(exponent)}`;
  }
  return sign + place(digits, exponent);
}

/** Significant digits without trailing zeros, and the exponent of the first one. */
function decimal(abs: number, fraction: number): [digits: string, exponent: number] {
  const text = fraction < 0 ? abs.toExponential() : abs.toExponential(fraction);
  const [mantissa = "", exponent = "0"] = text.split("e");
  const digits = mantissa.replace(".", "").replace(/0+$/, "");
  return [digits === "" ? "0" : digits, digits === "" ? 0 : Number(exponent)];
}

function place(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return digits.padEnd(exponent + 1, "0");
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

function plainDigits(abs: number): string {
  const [digits, exponent] = decimal(abs, -1);
  return place(digits, exponent);
}

/** `toFixed` gives up at 1e21, where every double is an integer. */
function fixed(abs: number, precision: number): string {
  if (abs < 1e21) return abs.toFixed(precision);
  const whole = BigInt(abs).toString();
  return precision > 0 ? `${whole}.${"0".repeat(precision)}` : whole;
}

function exponential(abs: number, precision: number): string {
  const text = precision < 0 ? abs.toExponential() : abs.toExponential(precision);
  const [mantissa = "", exponent = "0"] = text.split("e");
  return `${mantissa}e${exponentText(Number(exponent))}`;
}

function exponentText(exponent: number): string {
  return `${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
