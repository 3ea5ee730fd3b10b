export function median(numbers) {
  const sorted = numbers.filter((each) => Number.isFinite(each)).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function round(number, digits = 3) {
  return number === undefined ? undefined : Number(number.toFixed(digits));
}
