using System.Net;

namespace Agent.Backends.Tinydns;

/// <summary>Settings of the tinydns driver.</summary>
/// <param name="Root">The folder of data.cdb, tinydns' ROOT; must exist.</param>
/// <param name="Server">Where tinydns answers DNS.</param>
public sealed record TinydnsOptions(string Root, EndPoint Server)
{
    /// <summary>The largest data.cdb; positions in one have 32 bits.</summary>
    public long DataBytesMax { get; init; } = CdbWriter.BytesMax;
}
