namespace Agent.Backends.Bind9;

/// <summary>What named may put beside a zone's file, as ends of the file's name.</summary>
internal static class NamedFiles
{
    /// <summary>The journal, after which named refuses names that are too long.</summary>
    public const string Journal = ".jnl";

    /// <summary>The journal and its backup, which only serve IXFR.</summary>
    public static IReadOnlyList<string> Journals { get; } = [Journal, ".jbk"];

    /// <summary>Journals and signed forms.</summary>
    public static IReadOnlyList<string> Companions { get; } = [.. Journals, ".signed", ".signed.jnl"];
}
