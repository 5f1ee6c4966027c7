const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A moment in local time as ctime(3) writes it, with its newline: "Thu Nov  5 08:03:09 2026\n". */
export function ctime(date: Date): string {
  const day = `${DAYS[date.getDay()] ?? ''} ${MONTHS[date.getMonth()] ?? ''} ${String(date.getDate()).padStart(2)}`;
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `${day} ${time.join(':')} ${date.getFullYear()}\n`;
}
