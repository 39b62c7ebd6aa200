namespace Agent.Dns.Zones;

/// <summary>What is wrong in a master file, and where.</summary>
/// <param name="File">The name of the file, empty for the one that the reading began with.</param>
/// <param name="Line">Counted from 1; 0 when the file as a whole is meant.</param>
/// <param name="Column">Counted from 1, in bytes.</param>
/// <param name="Text">What was expected, for the person who wrote the file.</param>
public sealed record ZoneFileError(string File, int Line, int Column, string Text)
{
    /// <summary>The usual <c>file:line:column: text</c>.</summary>
    public override string ToString() => $"{(File.Length > 0 ? File : "zone")}:{Line}:{Column}: {Text}";
}

/// <summary>How master files are read.</summary>
public sealed record ZoneFileOptions
{
    /// <summary>
    /// Opens the file that an $INCLUDE names, or returns null where that is not allowed or there is none. Left out, no $INCLUDE works.
    /// </summary>
    public Func<string, Stream?>? OpenInclude { get; init; }

    /// <summary>How deep files may include files.</summary>
    public int MaximumIncludeDepth { get; init; } = 8;

    /// <summary>How many files may be included in all, so that files including each other twice do not take forever.</summary>
    public int MaximumIncludes { get; init; } = 1000;
}
