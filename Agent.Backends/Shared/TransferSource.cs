using System.Net;

namespace Agent.Backends.Shared;

/// <summary>From whom a server of secondary style transfers its zones.</summary>
/// <param name="Primaries">Where they answer, in the order in which they are asked; none where the server itself knows.</param>
/// <param name="KeyName">Name of the TSIG key that signs questions and transfers, by which both ends know it; null for none.</param>
public sealed record TransferSource(IReadOnlyList<IPEndPoint> Primaries, string? KeyName)
{
    /// <summary>The primaries as a sentence names them.</summary>
    public string Text => Primaries.Count == 0 ? "its primaries" : string.Join(", ", Primaries);
}
