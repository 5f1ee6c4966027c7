/** What `corosync-cpgtool -h` of corosync 3.1.7 prints, to the byte. */
export const CPGTOOL_HELP = `corosync-cpgtool [-d delimiter] [-e] [-n] [-h]

A tool for displaying cpg groups and members.
options:
\t-d\tDelimiter between fields.
\t-e\tDon't escape unprintable characters in group name.
\t-n\tDisplay only all existing group names.
\t-h\tDisplay this help.
`;
