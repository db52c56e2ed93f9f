/** Labels that something must have: a name alone, or a name and its value. */
export type LabelFilter = Readonly<Record<string, string | true>>;

/** Encodes the `filters` parameter of the API's list calls. */
export function filtersJson(
  labels: LabelFilter | undefined,
  further: Readonly<Record<string, readonly string[]>> = {},
): string | undefined {
  const label = Object.entries(labels ?? {}).map(([name, value]) =>
    value === true ? name : `${name}=${value}`
  );
  const filters = label.length === 0 ? further : { ...further, label };
  return Object.keys(filters).length === 0 ? undefined : JSON.stringify(filters);
}
