namespace Agent.Host.Releases;

/// <summary>One change of the journal's tables. The number of a step is its place in the list, from 1; once shipped it is never
/// edited.</summary>
internal sealed record SchemaStep
{
    private SchemaStep(int oldestReader, string sql)
    {
        OldestReader = oldestReader;
        Sql = sql;
    }

    /// <summary>Programs that know fewer steps than this cannot read the tables afterwards; 0 for a step that shuts nobody out.</summary>
    public int OldestReader { get; }

    public string Sql { get; }

    public bool IsContract => OldestReader > 0;

    /// <summary>
    /// Adds, in a way that older programs do not notice: tables, columns that may be null or have a default, indexes. Taken by the first
    /// program that knows it, while older ones write.
    /// </summary>
    public static SchemaStep Expand(string sql) => new(0, sql);

    /// <summary>
    /// Takes away what only older programs use. Ships a release later than the expansion that replaced it, so that one release can always
    /// be taken back, and waits until no older program is at work. No later step may rest on it.
    /// </summary>
    /// <param name="oldestReader">Programs that know at least so many steps go on working.</param>
    public static SchemaStep Contract(int oldestReader, string sql) => new(oldestReader, sql);
}
